"""The folder for publication: the corpus for fine-tuning, its questions for RLVR, and the card."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from caco.config.export import Export
from caco.errors import UserError
from caco.rows.corpus import CorpusRow
from caco.rows.rlvr import RlvrRow
from caco.rows.table import count_rows, read_rows, write_rows
from caco.runtime.atomic_files import atomic_folder, write_text
from caco.runtime.progress import Progress
from caco.stages.corpus.card import seed_sources
from caco.stages.export.card import Configuration, exported_card


@dataclass(frozen=True, slots=True)
class Dataset:
    """The files of an export, all in the folder of its card.

    Attributes:
        card: The card, `README.md` of the folder.
        sft: Every row of the corpus.
        rlvr: Every question of the corpus, once (`RlvrRow` rows).
    """

    card: Path
    sft: Path
    rlvr: Path

    def within(self, file: Path) -> str:
        """Returns the name of a file relative to the folder.

        Raises:
            UserError: The file is not in the folder.
        """
        try:
            return file.relative_to(self.card.parent).as_posix()
        except ValueError:
            raise UserError(
                f"{file}: is not in the folder of the card, {self.card.parent}; name a file in it"
            ) from None


def export(
    dataset: Dataset, corpus: Path, corpus_card: Path, seeds: list[Path], settings: Export
) -> None:
    """Writes the folder atomically; it replaces an earlier one.

    Args:
        dataset: The files to write.
        corpus: The corpus.
        corpus_card: Its card.
        seeds: Files of the training seeds (`Seed` rows), which have the licences.
        settings: What happens if their licences exclude each other.

    Raises:
        UserError: An input is unreadable, or the licences exclude each other and the setting is
            `refuse`.
    """
    sft, rlvr = dataset.within(dataset.sft), dataset.within(dataset.rlvr)
    progress = Progress("export", 2 * count_rows(corpus, CorpusRow))

    def rows() -> Iterator[CorpusRow]:
        for row in read_rows(corpus, CorpusRow):
            yield row
            progress.add()

    with atomic_folder(dataset.card.parent) as folder:
        configurations = (
            Configuration("sft", sft, CorpusRow, write_rows(folder / sft, CorpusRow, rows())),
            Configuration(
                "rlvr", rlvr, RlvrRow, write_rows(folder / rlvr, RlvrRow, questions(rows()))
            ),
        )
        text = exported_card(
            corpus_card.read_text(encoding="utf-8"), configurations, seed_sources(seeds), settings
        )
        write_text(folder / dataset.card.name, text)


def questions(rows: Iterable[CorpusRow]) -> Iterator[RlvrRow]:
    """Yields the question of each row, unless an earlier row has it: with another solution."""
    seen: set[str] = set()
    for row in rows:
        if row.question_id not in seen:
            seen.add(row.question_id)
            yield RlvrRow(
                prompt=[{"role": "user", "content": row.instruction}],
                answer=row.answer,
                question_id=row.question_id,
                program_id=row.program_id,
                sample_id=row.sample_id,
                shard=row.shard,
                pass_rate=row.pass_rate,
            )
