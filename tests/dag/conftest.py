"""A checkout after a complete run, and edits of its files for one test."""

from collections.abc import Callable, Iterator

import pytest

from tests.dag.checkout import Checkout

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache folder for all checkouts, which have the same code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CACO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        yield


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after a complete run, of which tests make copies."""
    checkout = Checkout(tmp_path_factory.mktemp("complete"))
    checkout.run()
    return checkout


@pytest.fixture(scope="session")
def finished(complete: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout after a complete run, whose jobs have records; tests leave it as it is."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), complete)
    checkout.record()
    return checkout


@pytest.fixture
def edit(finished: Checkout) -> Iterator[Edit]:
    """Replaces text in files of the checkout; restores the files after the test."""
    original: dict[str, str] = {}

    def edit_file(file: str, old: str, new: str) -> None:
        original.setdefault(file, (finished.folder / file).read_text())
        finished.edit(file, old, new)

    yield edit_file
    for file, text in original.items():
        (finished.folder / file).write_text(text)
