"""Problems in other words, by rule, for the measurements of decontamination."""

import random
import re

_SYNONYMS = {
    "how many": "what number of", "how much": "what amount of", "altogether": "overall",
    "in total": "overall", "buys": "purchases", "bought": "purchased", "each": "every",
    "gives": "hands", "gave": "handed", "makes": "produces", "made": "produced", "gets": "receives",
    "sells": "retails", "sold": "retailed", "wants": "would like", "needs": "requires",
    "decides": "resolves", "uses": "employs", "eats": "consumes", "starts": "begins",
    "currently": "at present", "also": "additionally", "cost": "price", "costs": "is priced at",
    "twice": "two times", "remaining": "leftover", "find": "determine", "what is": "state",
    "compute": "calculate", "such that": "so that", "express your answer": "write the answer",
    "evaluate": "work out", "suppose": "assume", "positive integer": "natural number",
    "positive integers": "natural numbers", "the value of": "the result of", "let": "suppose that",
    "greatest": "largest", "smallest": "least", "distinct": "different", "kids": "children",
    "friends": "pals", "money": "cash", "house": "home", "store": "shop", "big": "large",
}  # fmt: skip
_DIGITS = {
    "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight",
    "9": "nine", "10": "ten", "12": "twelve", "20": "twenty",
}  # fmt: skip
_NAMES = ("Priya", "Mateo", "Ingrid", "Kwame", "Yuki", "Leila", "Bram", "Oksana")
_NO_NAMES = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January",
    "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
}  # fmt: skip


def reworded(text: str, rng: random.Random) -> str:
    """Synonyms, percent for %, number words and other names; the first two sentences swapped.

    Args:
        text: A problem.
        rng: Draws the names.
    """
    parts = re.split(r"(\$[^$]*\$|\\\[.*?\\\])", text, flags=re.DOTALL)  # formulas stay
    names = {
        name
        for part in parts[::2]
        for name in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b", part)
        if name not in _NO_NAMES
    }
    others = dict(zip(sorted(names), rng.sample(_NAMES, len(_NAMES)), strict=False))
    parts[::2] = [_reworded_prose(part, others) for part in parts[::2]]
    text = "".join(parts)
    sentences = re.split(r"(?<=[.!?])\s+", text)
    if len(sentences) > 2:
        sentences[:2] = reversed(sentences[:2])
    return " ".join(sentences)


def _reworded_prose(text: str, names: dict[str, str]) -> str:
    pattern = "|".join(sorted(map(re.escape, _SYNONYMS), key=len, reverse=True))

    def synonym(match: re.Match[str]) -> str:
        new = _SYNONYMS[match[0].lower()]
        return new.capitalize() if match[0][0].isupper() else new

    text = re.sub(rf"\b(?:{pattern})\b", synonym, text, flags=re.IGNORECASE)
    for name, other in names.items():
        text = re.sub(rf"\b{name}\b", other, text)
    text = re.sub(r"(\d)\s*%", r"\1 percent", text)
    return re.sub(r"(?<![\d.,/$])\b\d+\b(?![.,]?\d|/)", lambda m: _DIGITS.get(m[0], m[0]), text)
