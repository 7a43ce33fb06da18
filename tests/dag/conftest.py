"""A checkout after a whole run, and a way to edit its files for one test."""

from collections.abc import Callable, Iterator

import pytest

from tests.dag.checkout import Checkout

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after a whole run."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    checkout.run()
    return checkout


@pytest.fixture
def edited(made: Checkout) -> Iterator[Edit]:
    """Edits files of the checkout for one test."""
    before: dict[str, str] = {}

    def edit(file: str, old: str, new: str) -> None:
        before.setdefault(file, (made.folder / file).read_text())
        made.edit(file, old, new)

    yield edit
    for file, text in before.items():
        (made.folder / file).write_text(text)
