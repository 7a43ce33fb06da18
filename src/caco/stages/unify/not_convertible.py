"""The error of every converter."""


class NotConvertible(Exception):
    """A seed that a converter cannot convert; the message is the reason, in one sentence.

    Attributes:
        verdict: The verdict on the seed.
    """

    def __init__(self, reason: str, verdict: str = "not_convertible") -> None:
        super().__init__(reason)
        self.verdict = verdict
