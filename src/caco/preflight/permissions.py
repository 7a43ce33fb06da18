"""Whether Slurm accepts this user's jobs in the chosen partitions; nothing is submitted."""

import re
import subprocess
from collections.abc import Iterable

from caco.errors import CacoError, ClusterError, UserError
from caco.preflight.requests import ResourceRequest

# The refusals of sbatch that are permanent. All others (nodes that are down, a full queue, a
# controller that does not answer) may be over by the time of submission.
_PERMANENT = (
    "invalid account", "invalid qos", "not permitted", "permission denied", "invalid user",
    "no partition specified",
)  # fmt: skip
# A limit on one job's size or wall time, by Slurm's name; limits on the number of jobs pass.
_LIMIT = re.compile(r"\b(?:QOS|Assoc)(?!\w*Submit)[A-Z]\w+")
# The lists of a partition: the attribute of a request, and its key in the site file.
_LISTED = {"Accounts": ("account", "account"), "Qos": ("qos", "{section}.qos")}
_TIMEOUT_S = 30.0  # on a large cluster Slurm computes the start time of the job first


def permission_errors(requests: Iterable[ResourceRequest]) -> list[CacoError]:
    """Returns one error for each combination of account, QOS and partition that is not allowed.

    The partitions' own lists are read first: many clusters accept a job that they do not allow and
    leave it pending forever. Associations and groups are known only to the controller, so
    `sbatch --test-only` tests one complete request for each combination.
    """
    one_of_each = {(r.partition, r.account, r.qos): r for r in requests}
    found = [_not_listed(request) or _refused(request) for request in one_of_each.values()]
    return [error for error in found if error]


def _not_listed(request: ResourceRequest) -> CacoError | None:
    """Returns an error if no requested partition lists the account and the QOS."""
    names = request.partition.split(",") if request.partition else []
    errors = [_not_listed_by(name, request) for name in names]
    return errors[0] if names and all(errors) else None


def _not_listed_by(partition: str, request: ResourceRequest) -> CacoError | None:
    shown = _run("scontrol", "--oneliner", "show", "partition", partition)[1]
    lists = dict(word.split("=", 1) for word in shown.split() if "=" in word)
    for what, (attribute, key) in _LISTED.items():
        value = getattr(request, attribute)
        allowed = lists.get(f"Allow{what}", "ALL").split(",")
        denied = lists.get(f"Deny{what}", "").split(",")
        if not value or (value not in denied and (value in allowed or allowed == ["ALL"])):
            continue
        if what == "Accounts" and value not in denied and _parent_accounts(value) & {*allowed}:
            continue
        takes = f"all but {', '.join(denied)}" if value in denied else ", ".join(allowed)
        return UserError(
            f"site.yaml: `{key.format(section=request.section)}` is `{value}`, but partition "
            f"`{partition}` takes {takes}"
        )
    return None


def _parent_accounts(account: str) -> set[str]:
    """Returns the ancestors of an account: newer Slurms' lists include the accounts below them."""
    command = (
        "sacctmgr",
        "--noheader",
        "--parsable2",
        "show",
        "assoc",
        "format=account,parentname",
    )
    code, printed = _run(*command)
    rows = [line.split("|") for line in printed.splitlines()] if not code else []
    parents = {row[0]: row[1] for row in rows if len(row) == 2 and row[1]}
    found: set[str] = set()
    while (parent := parents.get(account)) and parent not in found:
        found.add(parent)
        account = parent
    return found


def _refused(request: ResourceRequest) -> CacoError | None:
    code, printed = _run("sbatch", "--test-only", *request.options(), "--wrap=true")
    last = printed.strip().rpartition("\n")[2]
    limit = _LIMIT.search(printed)
    if not code or not (limit or any(words in last.lower() for words in _PERMANENT)):
        return None
    why = limit[0] if limit else last.rpartition(": ")[2]
    named = {"partition": request.partition, "account": request.account, "qos": request.qos}
    what = ", ".join(f"{name} `{value or '(default)'}`" for name, value in named.items())
    return ClusterError(
        f"Slurm refuses jobs with {what}: {why}; correct `account`, "
        f"`{request.section}.partition` or `{request.section}.qos` in site.yaml"
    )


def _run(*command: str) -> tuple[int, str]:
    """Returns a command's exit code and output; (0, "") if it does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return 0, ""
    return done.returncode, done.stdout + done.stderr
