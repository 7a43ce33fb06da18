"""Exceptions, one class for each party that can cause a failure.

A run involves four parties: the user who wrote the config, the programs that a model generated, the
sandbox that executes them, and the cluster (or machine) underneath. Each has its own class, so that
the message points to the right place. A generated program's failure is never an exception: it is a
verdict in a row.
"""


class CacoError(Exception):
    """A failure that one sentence explains: file, key and fix.

    Attributes:
        owner: The party that caused the failure; printed first.
        kind: `error` or `notice`; printed after the owner.
        exit_code: Exit code of a script that fails with it.
    """

    owner = "caco"
    kind = "error"
    exit_code = 1

    @property
    def line(self) -> str:
        """The message for a person: owner, kind, then the sentence."""
        return f"{self.owner} {self.kind}: {self}"


class UserError(CacoError):
    """An input of the user (config, path, data file) is invalid or missing."""

    owner = "input"


class SandboxUnavailable(CacoError):
    """The sandbox itself failed; this is no verdict on any program in it."""

    owner = "sandbox"


class ClusterError(CacoError):
    """The machine, its interpreter, disk or scheduler lacks something that the run needs."""

    owner = "cluster"


class Preempted(CacoError):
    """The cluster preempted the job, and the job has saved its progress."""

    owner = "cluster"
    kind = "notice"
    exit_code = 75  # EX_TEMPFAIL of sysexits.h: a retry may succeed
