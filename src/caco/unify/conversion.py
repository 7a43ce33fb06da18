"""What every converter shares."""


class NotConvertible(Exception):
    """A seed that a converter has no program for; the message says why, in a sentence."""
