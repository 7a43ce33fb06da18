"""Records: what a guest sends of a program, read as what it is, text from an untrusted party."""

import json
import re
from typing import Any

from caco.sandbox.protocol import Execution, Outcome

READY = b"ready\n"
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


def execution(sent: bytes, cpu_s: float, wall_s: float) -> Execution | None:
    """Returns the execution that a record tells of, or None if there is no whole record.

    Args:
        sent: Everything that came through the channel, from `READY` on.
        cpu_s: CPU seconds used.
        wall_s: Wall seconds used.
    """
    body = sent[len(READY) :]
    if not body.endswith(b"\n"):
        return None
    try:
        fields: dict[str, Any] = json.loads(body)
        outcome = Outcome(fields["outcome"])
        given, result = fields.get("input"), fields.get("output")
        if outcome is Outcome.OK:
            _check_json(given)
            _check_json(result)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Execution(
        outcome=outcome,
        # An object's address in an exception's text differs from run to run.
        detail=_ADDRESS.sub("0x...", str(fields.get("detail", ""))),
        input=given if outcome is Outcome.OK else None,
        output=result if outcome is Outcome.OK else None,
        stdout=str(fields.get("stdout", "")),
        cpu_s=cpu_s,
        wall_s=wall_s,
    )


def _check_json(text: object) -> None:
    """Raises ValueError, TypeError or RecursionError where `text` is no strict JSON text."""
    if not isinstance(text, str):
        raise TypeError("not a text")

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    # Integers stay text: reading 60,000 digits takes long, and Python refuses above 4,300.
    json.loads(text, parse_int=str, parse_constant=refuse)
