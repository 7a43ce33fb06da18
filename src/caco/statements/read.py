"""Statements about numbers in a worked solution: found and computed.

What is not understood is not judged: a variable, text inside an expression, units that may have to
be converted, a question, a condition, a step that the next sentence withdraws.
"""

from itertools import zip_longest

from caco.statements.notation import plain
from caco.statements.phrases import reduced, with_operators
from caco.statements.properties import property_statements
from caco.statements.relations import relation_statements, with_relations
from caco.statements.statement import Statement
from caco.statements.tokens import Sentence, sentences
from caco.statements.withdrawals import withdrawn
from caco.text.calculator_marks import MARK, without_marks


def statements(solution: str) -> list[Statement]:
    """Returns the statements of a worked solution, judged or not.

    The calculator marks of GSM8K are statements of their own.
    """
    marks = "\n".join(f"{m[1]} = {m[2]}" for m in MARK.finditer(solution))
    return [s for text in (without_marks(solution), marks) for s in _statements(plain(text))]


def _statements(text: str) -> list[Statement]:
    found: list[Statement] = []
    read = list(sentences(text))
    for sentence, following in zip_longest(read, read[1:]):
        found += _of_sentence(sentence, following, text)
    return found


def _of_sentence(sentence: Sentence, following: Sentence | None, text: str) -> list[Statement]:
    if not any(t.kind == "number" for t in sentence.tokens):
        return []
    tokens = with_relations(with_operators(reduced(sentence.tokens)))
    properties, used = property_statements(tokens, text)
    found = [*properties, *relation_statements(tokens, text, used)]
    if sentence.asked or withdrawn(sentence, following):
        return [Statement(s.kind, s.text, None) for s in found]
    return found
