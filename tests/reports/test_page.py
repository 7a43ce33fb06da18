import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from caco.reports.page import build_report, corpus_samples
from caco.rows.calibration import PlantedVerdicts
from caco.rows.corpus import CorpusRow
from caco.rows.table import read_rows, write_rows
from caco.runtime.checksums import write_checked
from caco.stages.calibrate.rates import compute_rates, write_rates

VOID = {"meta", "br", "line", "circle", "rect", "polyline"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that tags close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def made(fake_run, tmp_path):
    """The page of the small run, its text and its parsed form."""
    path = tmp_path / "report.html"
    build_report("tiny", fake_run.files(), tmp_path / "funnel.json", path)
    html = path.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return html, reader


def test_the_page_is_html5_with_a_title(made):
    html, _ = made
    assert html.startswith("<!DOCTYPE html>\n")
    assert "<title>Caco run tiny</title>" in html


def test_the_page_is_self_contained(made):
    html, reader = made
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(reader.tags)
    assert not {"src", "href", "xlink:href", "srcset", "action"} & {n for n, _ in reader.attributes}
    assert "http" not in re.sub(r"&\w+;", "", html)
    assert "url(" not in html
    assert "@import" not in html


def test_generated_text_is_never_markup(made):
    html, reader = made
    assert "<script" not in html.lower()
    text = "".join(reader.text)
    assert "# <script>alert('x')</script>" in text  # in a program
    assert "<script>alert('x')</script> step 0" in text  # in a solution
    assert "ValueError: <script>alert('x')</script>" in text  # in a reason
    assert "What is <b>0</b>?" in text  # in a question
    assert "b" in reader.tags  # the page's own tag


def test_the_page_describes_the_run(made):
    text = "".join(made[1].text)
    for fact in (
        "abc123", "node7", "python 3.11", "2026-11-23T03:00:00+00:00",  # head
        "cpu_timeout 2", "2 of the accepted held out",  # funnel
        "easy, base", "25.0%  (1 of 4)", "+50.0 points",  # scores
        "loss (nats a token)", "8 steps, 2 epochs, 800 tokens, 12 s, 67 tokens/s",  # loss
        "loss 2.000 to 0.250",
        "not fine-tuned: no steps logged",  # a writer without a fine-tuning
        "duplicate_question", "malformed",  # rejected rows
        "12 statements about numbers", "9 (75.0%) were computed",
        "4, 3 of them computed",
    ):  # fmt: skip
        assert fact in text


def test_the_page_shows_variants_styles_and_the_llm_judge(judged_run, tmp_path):
    path = tmp_path / "report.html"
    build_report("tiny", judged_run.files(), tmp_path / "funnel.json", path)
    text = path.read_text(encoding="utf-8")
    assert "each row entered 2 times" in text
    assert "<dt>Style</dt><dd>on a farm</dd>" in text
    assert "<dt>LLM judge</dt>" in text and "prompt ap</dd>" in text
    assert 'llm_judge: <span class="verdict">different_logic</span>. it says no' in text


def test_the_page_shows_the_false_accepts_of_the_checks(fake_run, tmp_path, made):
    assert "Calibration" not in made[0]
    rows = [
        PlantedVerdicts("q", seed, kind, "?", "1", "-1", verdict, verdict, "accepted", None, "")
        for seed in ("r", "s", "t")
        for kind, verdict in (
            ("right", "accepted"), ("list_same", "accepted"), ("sign", "wrong_answer"),
        )
    ]  # fmt: skip
    write_rates(tmp_path / "rates.json", compute_rates(rows))
    files = replace(fake_run.files(), rates=[tmp_path / "rates.json"])
    build_report("tiny", files, tmp_path / "funnel.json", tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text()
    assert "<h2>Calibration</h2>" in html
    assert "planted from 3 seeds" in html
    right, wrong = html[html.index("Right rows by kind (2 kinds)") :].split("Wrong rows by kind")
    none = '<td class="n">0 of 3, 0.0% (0.0 to 56.1)</td>'
    kind = '<td>right</td><td>none</td><td>-1 for 1</td><td class="n">3</td>'
    assert f"{kind}{none}{none}{none}</tr>" in right
    # The answer check alone is measured on an output of another shape.
    unmeasured = '<td class="n">-</td>'
    assert f'<td class="n">3</td>{none}{unmeasured}{unmeasured}</tr>' in right
    assert f'<td>sign</td><td>answer</td><td>-1 for 1</td><td class="n">3</td>{none}' in wrong
    assert "list_same" not in wrong


def cells(html: str) -> list[list[str]]:
    """Returns the cells of the page's last table, row by row."""
    rows = html[html.index("<h2>Requested and used</h2>") :].split("<tr>")[1:]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_without_slurm_the_page_shows_used_resources_only(made):
    head, *rows = cells(made[0])
    assert head == [
        "Rule", "Jobs", "Total time", "Time per job", "Busy cores", "Largest process",
    ]  # fmt: skip
    assert ["sample", "2", "4 s", "2 s, 2 s", "1.5, 1.5", "250 MB"] in rows


def test_with_slurm_the_page_shows_requested_and_used_resources(fake_run, tmp_path):
    first = {"nodes": 1, "cores": 8, "mem_mb": 64_000, "gpus": 1, "wall_s": 14_400}
    for path, requested, seconds, used in (
        ("sample/00000", first, 1800.0, {"cpu_s": 1800.0, "process_mb": 9_000, "job_mb": 30_000}),
        (
            "sample/00001", {**first, "mem_mb": 128_000}, 3600.0,
            {"cpu_s": 7200.0, "process_mb": 11_000, "job_mb": 90_000},
        ),
        ("student/all", {**first, "nodes": 2, "gpus": 8}, 7200.0, {"cpu_s": 1.0, "process_mb": 1}),
    ):  # fmt: skip
        file = Path(fake_run.paths.root, "provenance", f"{path}.json")
        changed = {"requested": requested, "seconds": seconds, "used": used}
        write_checked(file, json.loads(file.read_text()) | changed)
    build_report("tiny", fake_run.files(), tmp_path / "f.json", tmp_path / "report.html")
    head, *rows = cells((tmp_path / "report.html").read_text())
    assert head[-4:] == ["Largest process", "Largest job", "requested", "GPU-hours"]
    assert rows[:2] == [
        ["student", "1", "2 h 00 min", "2 h 00 min, 2 h 00 min", "4 h 00 min", "0.0, 0.0", "8",
         "1 MB", "-", "64,000 MB", "32.00"],
        ["sample", "2", "1 h 30 min", "45 min 00 s, 1 h 00 min", "4 h 00 min", "1.5, 2.0", "8",
         "11,000 MB", "90,000 MB", "64,000 MB to 128,000 MB", "1.50"],
    ]  # fmt: skip
    assert ["corpus", "1", "2 s", "2 s, 2 s", "-", "1.5, 1.5", "-", "250 MB", *"---"] in rows


def test_the_page_shows_how_busy_the_gpus_were(fake_run, tmp_path):
    for shard, busy in (("00000", 0.9), ("00001", 0.25)):
        file = Path(fake_run.paths.provenance("sample", shard))
        raw = json.loads(file.read_text())
        raw["used"] |= {"gpu_busy": busy, "gpu_mb": 70_000 + busy * 1_000}
        write_checked(file, raw)
    build_report("tiny", fake_run.files(), tmp_path / "f.json", tmp_path / "report.html")
    head, *rows = cells((tmp_path / "report.html").read_text())
    assert head[-2:] == ["Busy GPUs", "Largest GPU memory"]
    assert {row[0]: row[-2:] for row in rows}["sample"] == ["57%, 25%", "70,900 MB"]
    assert {row[0]: row[-2:] for row in rows}["verify"] == ["-", "-"]


def test_the_page_follows_a_dark_scheme(made):
    assert "@media (prefers-color-scheme: dark)" in made[0]


def test_an_empty_run_makes_a_page(tmp_path, fake_run):
    files = fake_run.files()
    write_rows(files.corpus, CorpusRow, [])
    write_checked(files.scores, {"scores": [], "differences": [], "open_cases": []})
    none = type(files)([], [], files.corpus, [], files.scores)
    build_report("none", none, tmp_path / "funnel.json", tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text()
    assert "The corpus is empty." in html
    assert "No benchmark was run." in html
    assert "No row was rejected." in html


def test_samples_are_spread_over_the_corpus(tmp_path, fake_run):
    (row, *_) = read_rows(Path(fake_run.paths.corpus()), CorpusRow)
    values = {name: getattr(row, name) for name in CorpusRow.__dataclass_fields__}
    path = tmp_path / "large.parquet"
    write_rows(path, CorpusRow, [CorpusRow(**(values | {"answer": str(i)})) for i in range(100)])
    answers = [int(r.answer) for r in corpus_samples(path, wanted=4)]
    assert answers == [0, 25, 50, 75]
    assert len(corpus_samples(Path(fake_run.paths.corpus()))) == 3
