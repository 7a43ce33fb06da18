"""A rule's code digest changes with what its script executes, and with nothing else."""

import ast
import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caco.runtime import code_digest as code_digest_module
from caco.runtime.code_digest import code_digest
from caco.syntax import normal_form, program_id

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    files = {
        "scripts/verify.py": "from caco.stages.verify.verify import run\nrun()\n",
        "src/caco/__init__.py": '"""Package."""\n',
        "src/caco/stages/verify/__init__.py": "",
        "src/caco/stages/verify/verify.py": "from caco import identity\n"
        "def run():\n    return 'prompt.j2'\n",
        "src/caco/stages/verify/prompt.j2": "Hello",
        "src/caco/identity.py": "def digest():\n    '''Doc.'''\n    return 2\n",
        "src/caco/sample.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def digest_after(checkout: Path, file: str | None = None, text: str = "") -> str:
    """Returns the digest of scripts/verify.py in a fresh copy with one file changed."""
    import shutil

    copy = checkout.parent / f"copy{len(list(checkout.parent.iterdir()))}"
    shutil.copytree(checkout, copy)
    if file is not None:
        (copy / file).write_text(text)
    return code_digest(copy / "scripts" / "verify.py", copy / "src")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/caco/identity.py", "# A remark.\n\ndef digest():\n    '''Other.'''\n    return 2\n"),
        ("src/caco/__init__.py", ""),
        ("src/caco/sample.py", "x = 2\n"),
        ("scripts/verify.py", "from caco.stages.verify.verify import run  # now\n\nrun( )\n"),
    ],
    ids=["comment and docstring", "package docstring", "module not imported", "layout"],
)
def test_what_changes_nothing(checkout: Path, file: str, text: str) -> None:
    assert digest_after(checkout, file, text) == digest_after(checkout)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/caco/identity.py", "def digest():\n    return 3\n"),
        ("src/caco/__init__.py", "x = 1\n"),
        ("src/caco/stages/verify/prompt.j2", "Hello!"),
        ("scripts/verify.py", "from caco.stages.verify.verify import run\nrun(1)\n"),
    ],
    ids=["statement of an imported module", "package", "prompt next to its module", "script"],
)
def test_what_changes_it(checkout: Path, file: str, text: str) -> None:
    assert digest_after(checkout, file, text) != digest_after(checkout)


def test_a_damaged_cache_changes_no_digest(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACO_CACHE", str(checkout / "cache"))
    expected = digest_after(checkout)
    record = checkout / "cache/code.jsonl"
    lines = record.read_text().splitlines()
    assert len(lines) == 5
    for number, line in enumerate(lines):
        checksum, (key, digest, *rest) = json.loads(line)
        damaged = json.dumps([checksum, [key, digest[::-1], *rest]])
        record.write_text("\n".join([*lines[:number], damaged, *lines[number + 1 :]]) + "\n")
        code_digest_module._known_sources.cache_clear()
        assert digest_after(checkout) == expected


def test_a_remembered_source_is_not_parsed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACO_CACHE", str(checkout / "cache"))
    expected = digest_after(checkout)
    code_digest_module._known_sources.cache_clear()
    monkeypatch.setattr(ast, "parse", None)
    assert digest_after(checkout) == expected


def test_every_script_of_the_checkout_has_its_own_digest() -> None:
    scripts = sorted((ROOT / "scripts").glob("*.py"))
    digests = {code_digest(script, ROOT / "src") for script in scripts}
    assert len(digests) == len(scripts)


NAMES = st.sampled_from(["a", "b", "total"])
LINES = st.lists(
    st.builds("{} = {} + {}".format, NAMES, NAMES, st.integers(0, 99)), min_size=1, max_size=8
)


@given(LINES)
def test_layout_and_comments_do_not_change_a_program(lines: list[str]) -> None:
    spread = "\n\n".join(f"{line}   # {n}" for n, line in enumerate(lines))
    assert program_id(spread) == program_id("\n".join(lines))


@given(LINES, st.integers(100, 999))
def test_a_changed_number_changes_a_program(lines: list[str], number: int) -> None:
    assert program_id("\n".join([*lines, f"a = {number}"])) != program_id("\n".join(lines))


def test_constants_that_compare_equal_are_not_the_same_program() -> None:
    assert len({program_id(f"x = {c}") for c in ("1", "1.0", "True", "'1'", "None")}) == 5


def test_the_identity_of_a_program_never_changes() -> None:
    """Rows of every earlier run have such identities."""
    program = textwrap.dedent(
        '''
        """A docstring."""
        import math
        input = {"a": 3, "b": [1.5, -2, None, True], **{}}

        def area(a: int, *rest, scale=1.0, **more) -> float:
            """Another."""
            return sum(x * scale for x in rest if x) + math.sqrt(a)

        class Row:
            """Only this."""

        output = [f"{area(input['a'], 2):.2f}", u"text", b"x", lambda v: v]
        print(output, sep="")
        '''
    )
    assert program_id(program) == "ca7a5dd36e1bd68cea3353d0c04349e3"


def test_text_that_is_no_program_is_named_by_its_text() -> None:
    assert program_id("def (") == program_id(" def (\n") != program_id("def ((")
    with pytest.raises(SyntaxError):
        normal_form("def (")
