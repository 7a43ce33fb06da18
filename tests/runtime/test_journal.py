"""No finished row is made again, wherever a process is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fake_engine import FakeEngine

from caco.config.generation import Sampling
from caco.engines.protocol import Completion, complete_in_order, request
from caco.engines.resumable import ResumableEngine
from caco.errors import ClusterError, UserError
from caco.runtime import atomic_files as files
from caco.runtime.journal import Journal, fingerprint_of

ROOT = Path(__file__).parents[2]
SAMPLING = Sampling(temperature=0.5, max_new_tokens=9)
PARTS = {"settings": "{}", "model": "m", "code": "c"}


def requested(count: int = 5):
    return [(i, request(f"id{i}", f"prompt {i}\n\u00e4", i, SAMPLING)) for i in range(count)]


def answer(r):
    reason = ("stop", "length", "time")[r.seed % 3]
    return Completion(r.request_id, f"{r.prompt.upper()}\u2028\ud800", r.seed, reason)


def finished(path: Path, count: int = 5, parts=PARTS) -> tuple[list[tuple[int, Completion]], int]:
    """Returns the rows of a shard, and how many of them had to be generated."""
    engine = FakeEngine(answer)
    with ResumableEngine(engine, Journal(path, parts)) as journaled:
        rows = list(complete_in_order(journaled, requested(count)))
    return rows, len(engine.requests)


def test_rows_in_the_journal_are_not_generated_again(tmp_path):
    rows, made = finished(tmp_path / "a.journal")
    assert made == 5
    assert finished(tmp_path / "a.journal") == (rows, 0)
    more, made = finished(tmp_path / "a.journal", 8)
    assert (more[:5], made) == (rows, 3)


def test_a_row_is_saved_as_soon_as_it_is_finished(tmp_path):
    path = tmp_path / "a.journal"

    class Dies(FakeEngine):
        def generate(self, requests):
            for done, completion in enumerate(super().generate(requests)):
                # A process that is killed closes no file: each row must be in it by now.
                assert path.read_bytes().count(b"\n") == 1 + done
                if done == 2:
                    raise MemoryError
                yield completion

    with pytest.raises(MemoryError), ResumableEngine(Dies(answer), Journal(path, PARTS)) as engine:
        list(complete_in_order(engine, requested()))
    assert finished(path)[1] == 3


def test_truncated_at_every_byte_it_resumes_and_has_the_same_rows(tmp_path):
    path = tmp_path / "a.journal"
    rows, _ = finished(path)
    whole = path.read_bytes()
    lines = [0] + [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = max(0, sum(end - 1 <= size for end in lines) - 2)  # besides the first line
        assert finished(path) == (rows, 5 - kept), size
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


@settings(max_examples=200)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=40))
def test_damaged_anywhere_after_its_head_it_keeps_every_whole_row(tmp_path_factory, at, damage):
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    rows, _ = finished(path)
    whole = path.read_bytes()
    head = whole.index(b"\n") + 1
    at = head + at % (len(whole) - head)
    damaged = whole[:at] + damage + whole[at + len(damage) :]
    path.write_bytes(damaged)
    lost = sum(line not in damaged for line in whole[head:].split(b"\n"))
    assert finished(path) == (rows, lost)
    assert finished(path) == (rows, 0)


def damaged_journal(whole: bytes, damages) -> bytes:
    """Returns a journal with each damage after its first line, in turn."""
    end = b"\r\n" if damages and damages[0][0] == "CRLF" else b"\n"
    head, *lines = whole.replace(b"\n", end).splitlines(keepends=True)
    for kind, place, noise in damages:
        lines = [line for line in lines if line]
        if not lines:
            break
        at = place % len(lines)
        line = lines[at]
        if kind == "flip":
            byte = place % len(line)
            lines[at] = line[:byte] + bytes([line[byte] ^ 1 << place % 8]) + line[byte + 1 :]
        elif kind == "zeros":  # a hole, which joins this line and the next
            lines[at] = bytes(len(line))
        elif kind == "noise":
            lines[at] = line[: place % len(line)] + noise + line[place % len(line) :]
        elif kind == "lost":
            del lines[at]
        elif kind == "torn":
            lines[-1] = lines[-1][: place % len(lines[-1])]
        elif kind == "twice":
            lines.insert(at, line)
    return head + b"".join(lines)


DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "zeros", "noise", "lost", "torn", "twice", "CRLF"]),
        st.integers(0, 10**6),
        st.binary(max_size=40),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=200)
@given(DAMAGES)
def test_whatever_the_damage_the_shard_is_that_of_an_undisturbed_run(tmp_path_factory, damages):
    """A journal of 30 rows with up to 20 damages at once, and of either line ending."""
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    rows, _ = finished(path, 30)
    whole = path.read_bytes()
    path.write_bytes(damaged := damaged_journal(whole, damages))
    lost = sum(line not in damaged for line in whole.splitlines()[1:])
    again, made = finished(path, 30)
    assert again == rows
    assert made == lost  # no whole line is made again
    assert finished(path, 30) == (rows, 0)


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.integers(0, 7))
def test_a_flipped_bit_of_the_head_is_refused_and_the_file_is_kept(tmp_path_factory, at, bit):
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    finished(path)
    whole = bytearray(path.read_bytes())
    whole[at % whole.index(b"\n")] ^= 1 << bit
    path.write_bytes(whole)
    with pytest.raises(ClusterError, match="its first line is damaged, so it is unknown what its"):
        finished(path)
    assert path.read_bytes() == whole
    assert fingerprint_of(path) is None


def test_damaged_lines_are_named_and_made_again(tmp_path, capsys):
    path = tmp_path / "a.journal"
    rows, _ = finished(path, 40)
    lines = path.read_bytes().splitlines(keepends=True)
    for number in (3, 17, 39):
        lines[number] = lines[number].replace(b"PROMPT", b"PROMPS")
    lines[20] = bytes(len(lines[20]))  # a hole of zeros, which joins the next line
    path.write_bytes(b"".join(lines))
    assert finished(path, 40) == (rows, 4)
    assert (
        f"warning: {path}: 4 damaged lines are skipped; 36 rows are whole, and any other is made "
        "again"
    ) in capsys.readouterr().err


@pytest.mark.parametrize("rewritten", [
    lambda whole: whole.replace(b"\n", b"\r\n"),
    lambda whole: whole.removesuffix(b"\n"),
    lambda whole: whole + bytes(300),
    lambda whole: b"\xef\xbb\xbf" + whole,
    lambda whole: b"\xef\xbb\xbf" + whole.replace(b"\n", b"\r\n"),
])  # fmt: skip
def test_line_endings_and_a_hole_at_the_end_cost_no_row(tmp_path, capsys, rewritten):
    path = tmp_path / "a.journal"
    rows, _ = finished(path)
    path.write_bytes(rewritten(path.read_bytes()))
    assert finished(path) == (rows, 0)
    more, made = finished(path, 8)
    assert (more[:5], made) == (rows, 3)
    assert finished(path, 8) == (more, 0)
    assert "damaged" not in capsys.readouterr().err


@pytest.mark.parametrize("at", [0, 5, 12, 60])
def test_a_damaged_head_is_refused_and_the_rows_are_kept(tmp_path, at):
    path = tmp_path / "a.journal"
    finished(path)
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)
    with pytest.raises(ClusterError) as caught:
        finished(path)
    assert str(caught.value) == (
        f"{path}: its first line is damaged, so it is unknown what its 5 rows depend on; restore "
        "the file, or delete it to make them again"
    )
    assert path.read_bytes() == whole


@settings(max_examples=40)
@given(st.lists(st.text(), min_size=1, max_size=6), st.data())
def test_whatever_the_texts_are_a_truncated_journal_resumes_with_them(
    tmp_path_factory, texts, data
):
    path = tmp_path_factory.mktemp("journal") / "a.journal"

    def rows():
        engine = FakeEngine(lambda r: texts[r.seed])
        with ResumableEngine(engine, Journal(path, PARTS)) as journaled:
            return [c.text for _, c in complete_in_order(journaled, requested(len(texts)))]

    assert rows() == texts
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    assert rows() == texts


def test_saved_rows_come_before_the_engine_generates(tmp_path):
    """Otherwise a shard that is nearly done would be held in memory."""
    rows, _ = finished(tmp_path / "a.journal")
    drawn = []

    class Greedy(FakeEngine):
        def generate(self, requests):
            drawn.extend(requests)
            return iter([answer(r) for r in drawn])

    with ResumableEngine(Greedy(answer), Journal(tmp_path / "a.journal", PARTS)) as engine:
        pairs = complete_in_order(engine, requested(8))
        assert [next(pairs) for _ in range(5)] == rows
        assert not drawn
        assert [i for i, _ in pairs] == [5, 6, 7]
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("other", "names"),
    [({"settings": "[]"}, "settings"), ({"model": "n", "code": "d"}, "model and code")],
)
def test_a_journal_with_another_fingerprint_is_refused_and_retained(tmp_path, other, names):
    path = tmp_path / "a.journal"
    finished(path)
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        finished(path, parts={**PARTS, **other})
    assert str(caught.value) == (
        f"{path}: was saved with other {names}; restore them to keep the rows in it, or delete the "
        "file to make them again"
    )
    assert path.read_bytes() == before


def test_two_processes_never_write_one_journal(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_LOCK_TIMEOUT_S", 0.3)
    path = tmp_path / "a.journal"
    with Journal(path, PARTS), pytest.raises(ClusterError, match="another process writes"):
        finished(path)
    assert finished(path)[1] == 5


def test_a_full_disk_is_the_clusters_failure_and_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.journal"
    rows, _ = finished(path, 3)
    write = os.write

    def full(file, data):
        write(file, data[:7])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr("caco.runtime.journal.os.write", full)
        with pytest.raises(ClusterError, match=r"no space left on its disk"):
            finished(path)
    again, made = finished(path)
    assert (again[:3], made) == (rows, 2)


WRITER = """
import sys
from pathlib import Path
from tests.runtime.test_journal import finished
print(*finished(Path(sys.argv[1]), 400), sep="\\n")
"""


def test_killed_several_times_the_rows_are_those_of_an_undisturbed_run(tmp_path):
    """A real process, killed with SIGKILL as soon as the journal has grown a little further."""
    rows, _ = finished(tmp_path / "undisturbed.journal", 400)
    path = tmp_path / "a.journal"
    command = [sys.executable, "-c", WRITER, str(path)]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    for step in range(1, 6):
        size = path.stat().st_size if path.exists() else 0
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, cwd=ROOT)
        while process.poll() is None:
            if path.exists() and path.stat().st_size > size + 500 * step:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
    again, made = finished(path, 400)
    assert again == rows
    assert made < 400
