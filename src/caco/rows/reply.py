"""Replies: everything that a model answered in a job whose rows keep a part of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to one request, also where it makes no row.

    Attributes:
        request_id: The request.
        reply: The complete reply.
        tokens: Tokens generated.
        finish_reason: `stop` (end token), `length` or `time`.
        token_ids: As in `Program`.
    """

    request_id: str
    reply: str
    tokens: int
    finish_reason: str
    token_ids: list[int] | None = None
