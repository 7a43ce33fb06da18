"""Failures, each of which says whose it is.

A run touches four parties: the user who wrote the config, the programs that a model wrote, the
sandbox that executes them, and the cluster (or machine) underneath. An error that names the wrong
one sends somebody to look in the wrong place, so each has its own class. A program's failure is
never an exception here: it is a verdict in a row.
"""


class CacoError(Exception):
    """A failure that one sentence explains: file, key and mend.

    Attributes:
        owner: Whose failure it is, printed before the sentence.
        kind: What it is, printed after the owner.
        exit_code: What a script ends with.
    """

    owner = "caco"
    kind = "error"
    exit_code = 1

    @property
    def line(self) -> str:
        """What a person is shown: whose failure it is, then the sentence."""
        return f"{self.owner} {self.kind}: {self}"


class UserError(CacoError):
    """Something the user gave (config, path, data file) cannot be used."""

    owner = "input"


class SandboxUnavailable(CacoError):
    """The sandbox itself failed; says nothing about any program in it."""

    owner = "sandbox"


class ClusterError(CacoError):
    """The machine, its interpreter, its disk or its scheduler lacks something the run needs."""

    owner = "cluster"


class Preempted(CacoError):
    """The cluster took the job's machine away, and the job has put its work in safety."""

    owner = "cluster"
    kind = "notice"
    exit_code = 75  # EX_TEMPFAIL of sysexits.h: run it again
