"""Rows that repeat a program or a question of the corpus, and limits on similar rows."""

from collections import Counter

from caco.config.checks import Corpus
from caco.identity import digest
from caco.overlap.computation import computation_id
from caco.overlap.near import NearDuplicates, signature
from caco.overlap.words import masked, words
from caco.rows.solution import Solution
from caco.stages.corpus.families import family_key
from caco.text.questions import question_key


class Duplicates:
    """What the corpus contains already; the first of several similar rows is retained.

    Verdicts, of which the first that applies is given: `duplicate_program` (the corpus has
    `per_program` rows of the program, whatever its names), `duplicate_question` (it has the
    question, or another solution of it), `near_duplicate` (it has nearly the same question with the
    same numbers), `over_per_family` and `over_per_template` (it has as many rows of the family or
    template as the setting allows).
    """

    def __init__(self, settings: Corpus) -> None:
        """Starts with an empty corpus.

        Args:
            settings: Which checks are on.
        """
        self._settings = settings
        self._programs: Counter[bytes] = Counter()
        self._questions: dict[bytes, str] = {}
        self._families: Counter[bytes] = Counter()
        self._templates: Counter[bytes] = Counter()
        self._near = NearDuplicates(settings.near_duplicates or 1.0)

    def verdict(self, row: Solution) -> tuple[str, str] | None:
        """Returns the verdict on a row and its reason; counts an accepted row and returns None."""
        settings = self._settings
        if not settings.deduplicate:
            return None
        program = bytes.fromhex(computation_id(row.program))
        if (count := self._programs[program]) >= settings.per_program:
            return (
                "duplicate_program",
                f"the corpus has {count} rows of the program {row.program_id}, except for its "
                "names",
            )
        question = question_key(row.question)
        if kept := self._questions.get(question):
            reason = f"the row {kept} has the same question, except for case and punctuation"
            return "duplicate_question", reason
        near = None
        if settings.near_duplicates is not None:
            near = signature(row.question)
            if found := self._near.find(near):
                reason = f"its question is that of the row {found[0]}, with {found[1]:.2f} of their"
                return "near_duplicate", f"{reason} 3-grams in common and the same numbers"
        family = template = None
        if settings.per_family is not None:
            family = family_key(row.program)
            if self._families[family] >= settings.per_family:
                reason = f"the corpus has {settings.per_family} rows of its family of programs"
                return "over_per_family", reason
        if settings.per_template is not None:
            template = bytes.fromhex(digest(*masked(words(row.question))))
            if self._templates[template] >= settings.per_template:
                reason = f"the corpus has {settings.per_template} rows with its words"
                return "over_per_template", f"{reason} and other numbers"
        self._programs[program] += 1
        self._questions[question] = row.row_id
        if near is not None:
            self._near.add(row.row_id, near)
        if family is not None:
            self._families[family] += 1
        if template is not None:
            self._templates[template] += 1
        return None
