"""Contamination: whether a question or program is that of a benchmark, in layers.

Most layers count n-grams of words. The share is that of the item's n-grams, not of the row's, so an
item is found inside a longer text. An item with few n-grams says little: it must be covered
completely where numbers count, and must also cover the row where they are masked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from caco.config.checks import Decontaminate, Layer
from caco.identity import digest
from caco.overlap.computation import computation_id
from caco.overlap.words import Gram, grams, is_number, masked, words
from caco.text.questions import question_key

_FEW = 12  # n-grams of an item that says little
# Numbers that say little, and how many others an item must have: with fewer, as with few n-grams,
# it is near only with half as much again of its n-grams.
_USUAL_NUMBERS = frozenset("012")
_FEW_NUMBERS = 2
_ROUNDING = 1e-9  # 0.9 of 10 n-grams are 9
_FEW_WORDS = 2  # an item with fewer, such as "0 + 0", is found by equality alone


@dataclass(frozen=True, slots=True)
class Item:
    """A problem that no row may restate.

    Attributes:
        name: What it is, for the reason of a rejection: `problem 3f of gsm8k`.
        question: Its text.
        program: A program that computes its answer, or None.
    """

    name: str
    question: str
    program: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """An item that a row restates.

    Attributes:
        item: The item's name.
        layer: The layer that found it.
        score: The share that the layer compared with its threshold; 1 for equality.
        found: What the score is a share of.
    """

    item: str
    layer: Layer
    score: float
    found: str

    @property
    def reason(self) -> str:
        """The match as the reason of a rejection."""
        return f"{self.score:.2f} of {self.found} of {self.item} (layer {self.layer})"


class Items:
    """The items that rows are compared with, indexed.

    A row is compared in full with the items that share one of their rarest n-grams with it.
    """

    def __init__(
        self, items: Iterable[Item], layers: Iterable[Layer], settings: Decontaminate
    ) -> None:
        """Indexes the items.

        Args:
            items: The items; of equal ones the first is named.
            layers: The layers that are on.
            settings: Their thresholds.
        """
        self._layers = frozenset(layers)
        self._settings = settings
        shares = {"ngrams": settings.ngrams, "near": settings.near, "template": settings.template}
        self._shares = {name: s for name, s in shares.items() if name in self._layers}
        self._normal: dict[bytes, str] = {}
        self._templates: dict[bytes, str] = {}
        self._programs: dict[bytes, str] = {}
        self._indexed: list[_Indexed] = []
        for item in items:
            self._add(item)
        self._index = self._by_gram()

    def match(self, question: str, program: str | None = None) -> Match | None:
        """Returns the item that a row restates, by the first layer that finds one, or None.

        Args:
            question: The row's question.
            program: The row's program, if it has one.
        """
        if not self:
            return None
        if item := self._normal.get(question_key(question)):
            return Match(item, "normalised", 1.0, "the question")
        if self._shares and (match := self._overlap(question)):
            return match
        return self.match_program(program) if program else None

    def match_program(self, program: str) -> Match | None:
        """Returns the item whose program a program is, except for its names, or None."""
        if self._programs and (item := self._programs.get(_program_key(program))):
            return Match(item, "program", 1.0, "the program")
        return None

    def __bool__(self) -> bool:
        """Tells whether there is anything to compare with."""
        return bool(self._normal or self._templates or self._programs or self._indexed)

    def _add(self, item: Item) -> None:
        if "normalised" in self._layers:
            self._normal.setdefault(question_key(item.question), item.name)
        if "program" in self._layers and item.program:
            self._programs.setdefault(_program_key(item.program), item.name)
        if not self._shares:
            return
        tokens = words(item.question)
        form = masked(tokens)
        prose = sum(token.isalpha() and len(token) > 1 for token in form)
        if prose < _FEW_WORDS:
            return
        if "template" in self._layers:
            self._templates.setdefault(_form_key(form), item.name)
        n = self._settings.n
        numbers = frozenset(filter(is_number, tokens))
        self._indexed.append(_Indexed(item.name, grams(form, n), grams(tokens, n), numbers))

    def _by_gram(self) -> dict[Gram, list[int]]:
        """Returns the items by n-gram, so that a row that some layer finds has one of them.

        An item of 20 n-grams of which 10 must be in the row is found by any 11 of them. The rarest
        are in the fewest rows.
        """
        index: dict[Gram, list[int]] = defaultdict(list)
        exact = [item.exact for item in self._indexed]
        shapes = [item.shapes for item in self._indexed]
        masking = [self._shares[layer] for layer in ("near", "template") if layer in self._shares]
        for found, shares in ((exact, [self._shares.get("ngrams")]), (shapes, masking)):
            lowest = min((share for share in shares if share), default=None)
            if lowest is None:
                continue
            frequency = Counter(gram for one in found for gram in one)
            for number, one in enumerate(found):
                missing = len(one) - ceil(lowest * len(one) - _ROUNDING)
                for gram in sorted(one, key=lambda gram: (frequency[gram], gram))[: missing + 1]:
                    index[gram].append(number)
        return dict(index)

    def _overlap(self, question: str) -> Match | None:
        tokens = words(question)
        form = masked(tokens)
        n = self._settings.n
        found: set[int] = set()
        shapes, exact = grams(form, n), grams(tokens, n)
        for gram in shapes | exact:
            found.update(self._index.get(gram, ()))
        if found:
            row = _Indexed("", shapes, exact, frozenset(filter(is_number, tokens)))
            matches = [match for i in found for match in self._compare(self._indexed[i], row)]
            if matches:
                return min(matches, key=lambda m: (_ORDER[m.layer], -m.score, m.item))
        if item := self._templates.get(_form_key(form)):
            return Match(item, "template", 1.0, "the words")
        return None

    def _compare(self, item: "_Indexed", row: "_Indexed") -> Iterator[Match]:
        """Yields the match of each layer that finds `item` in `row`."""
        settings = self._settings
        if "ngrams" in self._layers and item.exact:
            share = len(item.exact & row.exact) / len(item.exact)
            if share >= (1.0 if len(item.exact) < _FEW else settings.ngrams):
                yield Match(item.name, "ngrams", share, f"the {settings.n}-grams")
        if not item.shapes:
            return
        few = len(item.shapes) < _FEW
        common = len(item.shapes & row.shapes)
        share = common / (len(item.shapes | row.shapes) if few else len(item.shapes))
        what = f"the {settings.n}-grams without numbers"
        weak = few or len(item.numbers - _USUAL_NUMBERS) < _FEW_NUMBERS
        near = settings.near * (1.5 if weak else 1)
        if "near" in self._layers and share >= near and item.numbers <= row.numbers:
            yield Match(item.name, "near", share, what)
        if "template" in self._layers and share >= settings.template:
            yield Match(item.name, "template", share, what)


_ORDER: dict[str, int] = {"ngrams": 0, "near": 1, "template": 2}


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A question's n-grams.

    Attributes:
        name: The item's name.
        shapes: Its n-grams with masked numbers.
        exact: Its n-grams as they are.
        numbers: Its numbers.
    """

    name: str
    shapes: frozenset[Gram]
    exact: frozenset[Gram]
    numbers: frozenset[str]


def _form_key(form: list[str]) -> bytes:
    return bytes.fromhex(digest(*form))


def _program_key(program: str) -> bytes:
    return bytes.fromhex(computation_id(program))
