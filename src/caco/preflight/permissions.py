"""Whether this user may send jobs where they are to go: Slurm itself is asked, and takes none."""

import re
import subprocess
from collections.abc import Iterable

from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.requests import ResourceRequest

# Of sbatch's refusals those that no waiting mends. Any other (nodes that are down, a queue that is
# full, a controller that does not answer) is left for the time of submission, when it may be over.
_FOR_GOOD = (
    "invalid account", "invalid qos", "not permitted", "permission denied", "invalid user",
    "no partition specified",
)  # fmt: skip
# A limit on a job's own size or hours, as Slurm names it; how many jobs may wait is no such.
_LIMIT = re.compile(r"\b(?:QOS|Assoc)(?!\w*Submit)[A-Z]\w+")
# What a partition lists for each of these, with the key of the site file that holds it.
_LISTED = {"Accounts": ("account", "account"), "Qos": ("qos", "{section}.qos")}
_ANSWER_S = 30.0  # on a large cluster the start of the job is worked out before the answer


def permission_errors(asks: Iterable[ResourceRequest]) -> list[CacoError]:
    """Returns one error for each account, quality of service and partition that do not go together.

    A partition's own lists are read: many clusters take a job that they do not allow, and let it
    wait for ever. Associations and groups have rules that only the controller knows, so it is asked
    with `sbatch --test-only`, once for each combination, with a whole request of one rule.
    """
    one_of_each = {(ask.partition, ask.account, ask.qos): ask for ask in asks}
    found = [_not_listed(ask) or _refused(ask) for ask in one_of_each.values()]
    return [error for error in found if error]


def _not_listed(ask: ResourceRequest) -> CacoError | None:
    """Returns an error if every partition that is named takes other accounts or qualities."""
    names = ask.partition.split(",") if ask.partition else []
    errors = [_not_listed_by(name, ask) for name in names]
    return errors[0] if names and all(errors) else None


def _not_listed_by(partition: str, ask: ResourceRequest) -> CacoError | None:
    shown = _said("scontrol", "--oneliner", "show", "partition", partition)[1]
    lists = dict(word.split("=", 1) for word in shown.split() if "=" in word)
    for what, (given, key) in _LISTED.items():
        value = getattr(ask, given)
        allowed = lists.get(f"Allow{what}", "ALL").split(",")
        denied = lists.get(f"Deny{what}", "").split(",")
        if not value or (value not in denied and (value in allowed or allowed == ["ALL"])):
            continue
        if what == "Accounts" and value not in denied and _above(value) & {*allowed}:
            continue
        takes = f"all but {', '.join(denied)}" if value in denied else ", ".join(allowed)
        return UserError(
            f"site.yaml: `{key.format(section=ask.section)}` is `{value}`; partition `{partition}` "
            f"takes {takes}"
        )
    return None


def _above(account: str) -> set[str]:
    """Returns the accounts that one lies below: a newer Slurm's lists mean those below, too."""
    asked = ("sacctmgr", "--noheader", "--parsable2", "show", "assoc", "format=account,parentname")
    code, said = _said(*asked)
    rows = [line.split("|") for line in said.splitlines()] if not code else []
    parents = {row[0]: row[1] for row in rows if len(row) == 2 and row[1]}
    found: set[str] = set()
    while (parent := parents.get(account)) and parent not in found:
        found.add(parent)
        account = parent
    return found


def _refused(ask: ResourceRequest) -> CacoError | None:
    code, said = _said("sbatch", "--test-only", *ask.options(), "--wrap=true")
    last = said.strip().rpartition("\n")[2]
    limit = _LIMIT.search(said)
    if not code or not (limit or any(words in last.lower() for words in _FOR_GOOD)):
        return None
    why = limit[0] if limit else last.rpartition(": ")[2]
    given = {"partition": ask.partition, "account": ask.account, "qos": ask.qos}
    what = ", ".join(f"{name} `{value or 'by default'}`" for name, value in given.items())
    return ClusterError(
        f"Slurm refuses jobs with {what}: {why}; correct `account`, "
        f"`{ask.section}.partition` or `{ask.section}.qos` in site.yaml"
    )


def _said(*command: str) -> tuple[int, str]:
    """Returns a command's exit code and words; nothing of one that does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return 0, ""
    return done.returncode, done.stdout + done.stderr
