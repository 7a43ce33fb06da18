"""Code CoTs: seeds as executable programs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeCoT:
    """A program whose executed output equals the seed's known answer.

    Attributes:
        program_id: Digest of the program's normalised syntax tree.
        seed_id: The seed that it was converted from.
        source: The seed's source.
        program: Python text: a dict `input`, functions, and the result in `output`, printed.
        converter: Name of the converter; for a model `llm:{prompt}:{model}`, with the digests of
            the prompt template and of the model's manifest.
        input: The executed `input`, as JSON.
        output: The executed `output`, as JSON.
    """

    program_id: str
    seed_id: str
    source: str
    program: str
    converter: str
    input: str
    output: str
