"""A training example, and the framing of its prompt."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt with its completion; only the completion contributes to the loss.

    Attributes:
        prompt: The prompt of the model.
        completion: The completion, including the token that ends the turn.
    """

    prompt: str
    completion: str


Frame = Callable[[str], str]  # converts a user's text to the complete prompt of a model
