"""The pinned lists: complete, with hashes, and made from envs/*.in."""

import re
from pathlib import Path

import pytest

ENVS = Path(__file__).resolve().parents[2] / "envs"
LOCKED = sorted(path.stem for path in ENVS.glob("*.in"))


def pins(name: str) -> dict[str, str]:
    """The packages of a list, each with its line and the lines of its hashes."""
    blocks = re.split(r"^(?=[\w.-]+==)", (ENVS / f"{name}.txt").read_text(), flags=re.MULTILINE)
    return {block.partition("==")[0]: block for block in blocks[1:]}


def direct(name: str) -> set[str]:
    """The packages that a list of direct dependencies names."""
    lines = (ENVS / f"{name}.in").read_text().splitlines()
    return {line.split()[0] for line in lines if re.match(r"\w", line)}


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_of_a_list_has_a_hash(name: str) -> None:
    assert [package for package, block in pins(name).items() if "--hash=" not in block] == []


@pytest.mark.parametrize("name", LOCKED)
def test_every_direct_dependency_is_locked_at_an_allowed_version(name: str) -> None:
    for requirement in direct(name):
        package = re.split(r"[\[<>=]", requirement)[0]
        assert package in pins(name), f"{package}: run `make lock`"
        if "==" in requirement:
            assert pins(name)[package].startswith(f"{requirement} "), "run `make lock`"


def test_torch_is_in_the_list_without_hashes_alone() -> None:
    assert set(pins("torch")) == {"torch"}
    assert all("torch" not in pins(name) for name in LOCKED)


def test_lists_that_are_installed_together_pin_no_package_twice() -> None:
    for name in ("train", "infer", "infer_cuda"):
        assert not set(pins(name)) & set(pins("torch_cuda"))
