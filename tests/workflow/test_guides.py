"""The guides for contributors name files and identifiers that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("CONTRIBUTING.md", "docs/stages.md")
FOLDERS = "src|tests|rules|scripts|envs|config|profiles|docs|benchmarks"
_PATH = re.compile(rf"(?:{FOLDERS})/[\w./*{{}},-]*")
_FILE = re.compile(r"[\w.]+\.(?:py|smk|md|toml|yaml|txt|j2)")
_CALL = r"(?:\(.*\))?"
_IDENTIFIER = re.compile(rf"(?:\w+\.)*(_\w+|\w*[A-Z]\w*|\w+_\w+){_CALL}|\w+\(.*\)", re.ASCII)
# Made by the user.
NOT_IN_A_CHECKOUT = {"site.yaml"}
# Placeholders, and variables of other programs.
ELSEWHERE = {"NAME", "UV_DEFAULT_INDEX", "UV_INDEX", "PIP_FIND_LINKS"}


def blocks(guide: str) -> Iterator[tuple[int, str]]:
    """Yields each row of a table and each paragraph, with the number of its first line."""
    text = re.sub(r"```.*?```", lambda m: "\n" * m[0].count("\n"), read(guide), flags=re.DOTALL)
    for match in re.finditer(r"^\|.*$|(?:^(?!\|).+\n?)+", text, re.MULTILINE):
        yield text.count("\n", 0, match.start()) + 1, match[0]


def read(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


def spans(block: str) -> list[str]:
    """Returns what is between backticks."""
    return re.findall(r"`([^`]+)`", block)


def existing(path: str) -> list[Path]:
    """Returns the files of a path; a placeholder stands for any name, braces for each of theirs."""
    pattern = re.sub(r"NAME|ENGINE", "*", path)
    if braces := re.search(r"\{(.*?)\}", pattern):
        each = [pattern.replace(braces[0], name) for name in braces[1].split(",")]
        found = [existing(one) for one in each]
        return [file for files in found for file in files] if all(found) else []
    return sorted(ROOT.glob(pattern))


def paths(block: str) -> list[str]:
    return [span for span in spans(block) if _PATH.fullmatch(span)]


def files_of(guide: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yields place, text and paths of each block; those of its heading are among the paths."""
    heading: list[str] = []
    for line, block in blocks(guide):
        if block.startswith("#"):
            heading = paths(block)
        yield f"{guide}:{line}", block, heading + paths(block)


BLOCKS = [block for guide in GUIDES for block in files_of(guide)]


def test_the_paths_in_the_guides_exist() -> None:
    assert len([path for _, _, named in BLOCKS for path in named]) > 100
    assert not [
        f"{place}: `{path}`" for place, _, named in BLOCKS for path in named if not existing(path)
    ]


def test_a_file_without_a_folder_is_next_to_a_path_of_its_paragraph() -> None:
    """As in "`tests/rows/test_tables.py`, `test_other.py`"."""
    missing = []
    for place, block, named in BLOCKS:
        folders = [path.rstrip("/") if path.endswith("/") else Path(path).parent for path in named]
        for span in spans(block):
            near = any(existing(f"{folder}/{span}") for folder in [*folders, "."])
            if _FILE.fullmatch(span) and span not in NOT_IN_A_CHECKOUT and not near:
                missing.append(f"{place}: `{span}`")
    assert not missing


def test_an_identifier_is_in_a_file_that_its_paragraph_names() -> None:
    missing = []
    for place, block, named in BLOCKS:
        files = [file for path in named for file in existing(path) if file.is_file()]
        own = [file for path in paths(block) for file in existing(path) if file.is_file()]
        texts = "\n".join(file.read_text(encoding="utf-8") for file in files)
        for span in spans(block) if own else []:
            name = span.partition("(")[0].rpartition(".")[2]
            if span in ELSEWHERE or span.startswith("caco.") or (ROOT / span).exists():
                continue
            if _IDENTIFIER.fullmatch(span) and not re.search(rf"\b{name}\b", texts):
                missing.append(f"{place}: `{span}`")
    assert not missing


def test_a_dotted_name_is_a_module_or_in_one() -> None:
    missing = []
    for place, block, _ in BLOCKS:
        for span in spans(block):
            if span.startswith("caco."):
                module = ROOT / "src" / span.replace(".", "/")
                package, name = module.parent, module.name
                if module.is_dir() or module.with_suffix(".py").is_file():
                    continue
                inside = package.with_suffix(".py")
                if not inside.is_file() or not re.search(rf"\b{name}\b", inside.read_text()):
                    missing.append(f"{place}: `{span}`")
    assert not missing


@pytest.mark.parametrize("guide", GUIDES)
def test_the_links_in_a_guide_lead_to_files(guide: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", read(guide))
    base = (ROOT / guide).parent
    assert not [link for link in links if "://" not in link and not (base / link).exists()]
