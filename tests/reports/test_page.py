"""The report as a page: its structure, what it loads, what it says, and hostile rows in it."""

import base64
import hashlib
import json
import re
import shutil
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.conftest import FakeRun, make_run
from tests.reports.page_reader import read

from caco.errors import UserError
from caco.reports.audit.show import remember_verification
from caco.reports.page import build
from caco.reports.page.build import build_report
from caco.reports.page.rows import rows_json, shares
from caco.reports.page.saved import saved_page
from caco.reports.page.shown import visible
from caco.reports.records import read_records, root_of
from caco.rows.calibration import PlantedVerdicts
from caco.rows.corpus import CorpusRow
from caco.rows.rejected import Rejected
from caco.rows.table import read_rows, write_rows
from caco.runtime.checksums import write_checked
from caco.stages.calibrate.rates import compute_rates, write_rates
from caco.workflow.paths import Paths

HIDDEN = "a\x00b\x1b[31mc\u202ed\u2028e\r"  # a null, an escape, a bidi override, a separator


def built(run, tmp_path, **changed):
    path = tmp_path / "report.html"
    files = replace(run.files(), **changed)
    build_report("tiny", files, tmp_path / "funnel.json", path)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page of the small run, and its parsed form."""
    folder = tmp_path_factory.mktemp("page")
    html = built(make_run(FakeRun(Paths("tiny", str(folder))), variants=1, judge=False), folder)
    return html, read(html)


def test_the_page_is_html5_with_a_title(made):
    html, _ = made
    assert html.startswith("<!DOCTYPE html>\n")
    assert "<title>Caco run tiny</title>" in html


def test_the_page_is_self_contained(made):
    html, reader = made
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(reader.tags)
    names = {"src", "xlink:href", "srcset", "action", "style", "onclick"}
    assert not names & {name for name, _ in reader.attributes}
    targets = [value for name, value in reader.attributes if name == "href"]
    ids = [value for name, value in reader.attributes if name == "id"]
    assert targets and all(target[0] == "#" and target[1:] in ids for target in targets)
    assert len(ids) == len(set(ids))
    assert not re.search(r"https?:|//[a-z]|url\(|@import", html.replace("// ", ""))


def test_the_policy_permits_the_script_and_nothing_else(made):
    _, reader = made
    (policy,) = (v for n, v in reader.attributes if n == "content" and "default-src" in v)
    (script,) = (text for values, text in reader.scripts if "type" not in values)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    assert "innerHTML" not in script and "eval" not in script


def test_every_table_has_a_caption_heads_with_a_scope_and_whole_rows(made):
    _, reader = made
    assert len(reader.tables) >= 9
    captions = [table["caption"] for table in reader.tables]
    assert all(captions) and len(set(captions)) == len(captions)
    for table in reader.tables:
        head, *rows = table["rows"]
        assert all(head)
        assert table["scopes"] == ["col"] * len(head) + ["row"] * len(rows)
        assert {len(row) for row in rows} <= {len(head)}
    focusable = [value for name, value in reader.attributes if name == "tabindex"]
    assert focusable == ["0"] * len(reader.tables)  # a table scrolls in its own box


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_has_a_contrast_of_4_5_and_drawings_of_3_in_both_schemes(made):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    style = made[1].style
    light, dark = style.split("@media (prefers-color-scheme: dark)")[:2]
    for scheme in (light, dark.split("}")[0]):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for ground in ("paper", "panel"):
            for name in ("ink", "soft", "blue", "orange", "green"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
            assert contrast(colours["drop"], colours[ground]) >= 3
    used = re.findall(r"(?:color|fill|stroke|background): (?!var|none|inherit)([^;}]+)", style)
    assert used == []  # every colour is one of these
    # Which of them are of text, and which behind text: no rule has another pair.
    rules = re.sub(r"@media[^{]*|:root {[^}]*}", "", style)
    texts = re.findall(r"(?<![-\w])color: var\(--(\w+)\)", rules)
    texts += re.findall(r"text[.\w]* {[^}]*fill: var\(--(\w+)\)", rules)
    assert set(texts) == {"ink", "soft", "blue", "orange", "green"}
    assert set(re.findall(r"background: var\(--(\w+)\)", rules)) == {"paper", "panel"}
    assert "opacity: 0" not in rules  # which would lower a contrast


def test_generated_text_is_never_markup(made):
    _, reader = made
    assert len(reader.scripts) == 2
    assert "# <script>alert('x')</script>" in reader.words  # in a program
    assert "<script>alert('x')</script> step 0" in reader.words  # in a solution
    assert "ValueError: <script>alert('x')</script>" in reader.words  # in a reason
    assert "What is <b>0</b>?" in reader.words  # in a question
    assert any("<script>alert('x')</script>" in row["program"] for row in reader.data
               if row["stage"] == "verify")  # fmt: skip


def test_hidden_characters_are_shown(fake_run, tmp_path):
    path = Path(fake_run.paths.corpus())
    hostile = "</script><!--<script>" + HIDDEN
    rows = [replace(row, instruction=hostile) for row in read_rows(path, CorpusRow)]
    write_rows(path, CorpusRow, rows)
    html = built(fake_run, tmp_path)
    assert {c for c in html if not c.isprintable()} == {"\n"}
    shown = "</script><!--<script>a<U+0000>b<U+001B>[31mc<U+202E>d<U+2028>e<U+000D>"
    reader = read(html)
    assert shown in reader.words
    assert [row.get("problem") for row in reader.data].count(shown) == 3


@settings(max_examples=50)
@given(st.text())
def test_data_cannot_leave_its_element_and_is_read_back(text):
    row = {"problem": text}
    written = rows_json([row])
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == [row]
    shown = visible(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") for c in shown)
    assert visible(shown) == shown


def test_the_rows_have_every_stage_and_verdict_with_their_lineage(made):
    _, reader = made
    found = {(row["stage"], row["verdict"]) for row in reader.data}
    assert found == {
        ("seeds", "malformed"), ("unify", "wrong_answer"), ("unify", "accepted"),
        ("verify", "exception"), ("verify", "cpu_timeout"), ("judge", "wrong_answer"),
        ("corpus", "duplicate_question"), ("corpus", "accepted"), ("grade", "correct"),
        ("grade", "wrong"),
    }  # fmt: skip
    assert "All 28 rows" in reader.words
    assert len(reader.data) == 28
    corpus = [row for row in reader.data if row["stage"] == "corpus"]
    row = next(row for row in corpus if row["verdict"] == "accepted")
    assert row.keys() >= {"problem", "solution", "answer", "program", "lineage"}
    lineage = dict(row["lineage"])
    assert lineage.keys() >= {"sample_id", "program_id", "question_id", "shard", "codegen"}
    assert lineage["codegen"].startswith("codegen, ")  # the name of the checkpoint
    cot = next(row for row in reader.data if row["stage"] == "unify" and "licence" in
               dict(row["lineage"]) and row["verdict"] == "accepted")  # fmt: skip
    assert cot["problem"].startswith("Problem ") and cot["program"] == "p"
    malformed = next(row for row in reader.data if row["verdict"] == "malformed")
    assert malformed["solution"] == "not JSON"


def test_without_a_script_the_first_row_of_each_verdict_is_shown(made):
    _, reader = made
    assert reader.tags.count("details") == 10 + 2  # and the table of verdicts, and the hardest rows
    assert ("hidden", None) in reader.attributes  # the browser, until the script runs


def test_the_sample_shrinks_until_the_page_fits(fake_run, tmp_path, monkeypatch):
    path = Path(fake_run.paths.rejected("seeds", "families"))
    record = Path(fake_run.paths.provenance("seeds", "families"))
    bad = [Rejected(f"row {n}", "malformed", "no answer", "x" * 9_000) for n in range(300)]
    write_rows(path, Rejected, bad)
    raw = json.loads(record.read_text())
    raw["rows"] |= {"in": raw["rows"]["accepted"] + 300, "rejected": {"malformed": 300}}
    write_checked(record, raw)
    monkeypatch.setattr(build, "LIMIT", 400_000)
    html = built(fake_run, tmp_path)
    assert 200_000 < len(html.encode()) <= 400_000
    reader = read(html)
    assert f"A sample of {len(reader.data)} of 327 rows" in reader.words
    assert ["seeds", "malformed", "300"] in [row[:3] for row in reader.table("Rows of the run")]
    assert len({(row["stage"], row["verdict"]) for row in reader.data}) == 10
    assert all("[5,000 more characters]" in r["solution"] for r in reader.data
               if r["verdict"] == "malformed")  # fmt: skip
    assert html == built(fake_run, tmp_path)


SIZES = st.dictionaries(st.tuples(st.text(max_size=2), st.text(max_size=2)), st.integers(1, 50))


@given(SIZES, st.integers(0, 300))
def test_shares_are_as_equal_as_the_sizes_allow(sizes, wanted):
    found = shares(sizes, wanted)
    assert found.keys() == sizes.keys()
    assert sum(found.values()) == min(wanted, sum(sizes.values()))
    assert all(0 <= found[one] <= size for one, size in sizes.items())
    cut = [n for one, n in found.items() if n < sizes[one]]
    assert not cut or max(found.values()) - min(cut) <= 1


def test_the_page_describes_the_run(made):
    text = made[1].words
    for fact in (
        "abc123", "node7", "python 3.11", "2026-11-23T03:00:00+00:00",  # head
        "unknown to this page", "python scripts/audit.py verify results/tiny",
        "cpu_timeout 2", "2 of the accepted held out",  # funnel
        "easy, base", "25.0%", "+50.0 points", "second grader 25.0%",  # scores
        "Published", "61.2%",
        "loss (nats a token)", "8 steps, 2 epochs, 800 tokens, 12 s, 67 tokens/s",  # loss
        "loss 2.000 to 0.250",
        "not fine-tuned: no steps logged",  # a writer without a fine-tuning
        "duplicate_question", "malformed",  # rejected rows
        "12 statements about numbers", "9 (75.0%) were computed",
    ):  # fmt: skip
        assert fact in text
    seeds = made[1].table("Seeds by source")
    assert seeds[1] == ["families", "-", "10", "9", "2", "5", "-"]
    lengths = made[1].table("Characters of the texts")
    assert ["problem", "seeds", "7", "10", "10", "10", "10"] in lengths
    tokens = made[1].table("Tokens that were generated")
    assert ["replies of question", "6", "30", "30", "30", "30", "180", "100.0%"] in tokens
    assert ["replies of sample", "12", "20", "20", "20", "20", "240", "0.0%"] in tokens


def test_settings_and_base_models_are_at_a_glance(fake_run, tmp_path):
    training = {"epochs": 2.0, "learning_rate": 0.0002, "global_batch": 8, "cutoff": 256,
                "precision": "bf16", "seed": 42}  # fmt: skip
    sampling = {"temperature": 0.9, "top_p": 0.95, "top_k": 0, "max_new_tokens": 64, "seed": 5}
    for name, spec in (
        ("student/all", {"model": "qwen", "training": training}),
        ("sample/00000", {"sampling": sampling, "engine": {"kind": "vllm"}}),
        ("sample/00001", {"sampling": sampling, "engine": {"kind": "vllm"}}),
    ):
        file = Path(fake_run.paths.root, "provenance", f"{name}.json")
        write_checked(file, json.loads(file.read_text()) | {"spec": spec})
    folder = Path(fake_run.paths.model("qwen")).parent
    shutil.copytree(Path(fake_run.paths.checkpoint("codegen")).parent, folder)
    hub = {"kind": "hub", "repo": "Qwen/Qwen3-0.6B", "revision": "c1899de2"}
    fake_run.record("model", "qwen", [folder / "manifest.json"], [], None, json.dumps(hub))
    reader = read(built(fake_run, tmp_path))
    student = reader.table("Settings of the trainings")[1]
    assert student == ["student", "qwen", "-", "2", "0.0002", "8", "256", "-", "-", "bf16", "42"]
    assert reader.table("Settings of the generation")[1:] == [
        ["sample", "codegen", "-", "0.9", "0.95", "0", "64", "5", "vllm"]
    ]
    (model,) = reader.table("Base models")[1:]
    assert model[:4] == ["qwen", "hub", "Qwen/Qwen3-0.6B", "c1899de2"]


def test_the_page_shows_variants_styles_and_the_llm_judge(judged_run, tmp_path):
    reader = read(built(judged_run, tmp_path))
    assert "each row entered 2 times" in reader.words
    (row,) = (r for r in reader.data if (r["stage"], r["verdict"]) == ("corpus", "accepted"))
    lineage = dict(row["lineage"])
    assert lineage["style"] == "on a farm" and lineage["llm_judge_prompt"] == "ap"
    assert lineage["llm_judge_model"].startswith("models/judge, ")
    rejected = [r for r in reader.data if r["stage"] == "llm_judge"]
    assert {(r["verdict"], r["reason"]) for r in rejected} == {("different_logic", "it says no")}


def test_calibration_is_a_chart_and_lists_only_kinds_with_errors(fake_run, tmp_path, made):
    assert "Calibration" not in made[0]
    rows = [
        PlantedVerdicts("q", seed, kind, "?", "1", "-1", verdict, verdict, "accepted", None, "")
        for seed in ("r", "s", "t")
        for kind, verdict in (
            ("right", "accepted"), ("list_same", "accepted"), ("sign", "wrong_answer"),
        )
    ]  # fmt: skip
    write_rates(tmp_path / "rates.json", compute_rates(rows))
    reader = read(built(fake_run, tmp_path, rates=[tmp_path / "rates.json"]))
    assert "planted from 3 seeds" in reader.words
    labels = [value for name, value in reader.attributes if name == "aria-label"]
    (chart,) = (label for label in labels if label.startswith("wrong rows that a check accepts"))
    assert "answer, 0 of 3, 0.0% (0.0 to 56.1)" in chart
    assert "No check errs on a row of any kind." in reader.words
    assert "3 kinds of planted rows without an error" in reader.words
    assert "sign (3)" in reader.words
    rows[2] = replace(rows[2], answer_check="accepted")
    write_rates(tmp_path / "rates.json", compute_rates(rows))
    reader = read(built(fake_run, tmp_path, rates=[tmp_path / "rates.json"]))
    (_, *erring) = reader.table("Kinds of planted rows")
    assert [row[:5] for row in erring] == [
        ["sign", "answer", "-1 for 1", "3", erring[0][4]]
    ] and erring[0][4].startswith("1 of 3, 33.3%")  # fmt: skip


def test_without_slurm_the_page_shows_used_resources_only(made):
    head, *rows = made[1].table("Requested and used")
    assert head == [
        "Rule", "Jobs", "Total time", "Time per job", "Busy cores", "Largest process",
    ]  # fmt: skip
    assert ["sample", "2", "4 s", "2 s, 2 s", "1.5, 1.5", "250 MB"] in rows
    costs = made[1].table("Cost of each stage")
    assert ["verify", "", "2", "4 s", "0.00167", "0", "8", "0.75", "0"] in costs
    assert costs[-1][0] == "all, by row of the corpus"
    assert costs[-1][6] == "3"


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
    reader = read(built(fake_run, tmp_path))
    head, *rows = reader.table("Requested and used")
    assert head[-3:] == ["Largest process", "Largest job", "requested memory"]
    assert rows[:2] == [
        ["student", "1", "2 h 00 min", "2 h 00 min, 2 h 00 min", "4 h 00 min", "0.0, 0.0", "8",
         "1 MB", "-", "64,000 MB"],
        ["sample", "2", "1 h 30 min", "45 min 00 s, 1 h 00 min", "4 h 00 min", "1.5, 2.0", "8",
         "11,000 MB", "90,000 MB", "64,000 MB to 128,000 MB"],
    ]  # fmt: skip
    assert ["corpus", "1", "2 s", "2 s, 2 s", "-", "1.5, 1.5", "-", "250 MB", "-", "-"] in rows
    costs = {row[0]: row[2:] for row in reader.table("Cost of each stage")}
    assert costs["student"][:4] == ["1", "2 h 00 min", "32", "32"]  # allocated cores and GPUs
    assert costs["sample"] == ["2", "1 h 30 min", "12", "1.5", "12", "3,600", "450"]


def test_the_page_shows_how_busy_the_gpus_were(fake_run, tmp_path):
    for shard, busy in (("00000", 0.9), ("00001", 0.25)):
        file = Path(fake_run.paths.provenance("sample", shard))
        raw = json.loads(file.read_text())
        raw["used"] |= {"gpu_busy": busy, "gpu_mb": 70_000 + busy * 1_000}
        raw["gpus"] = {"visible": "0,1", "devices": []}
        write_checked(file, raw)
    reader = read(built(fake_run, tmp_path))
    head, *rows = reader.table("Requested and used")
    assert head[-2:] == ["Busy GPUs", "Largest GPU memory"]
    assert {row[0]: row[-2:] for row in rows}["sample"] == ["57%, 25%", "70,900 MB"]
    assert {row[0]: row[-2:] for row in rows}["verify"] == ["-", "-"]
    costs = {row[0]: row[-1] for row in reader.table("Cost of each stage")}
    assert costs["sample"] == "0.667"  # two GPUs for 4 s, 12 programs


def test_the_page_shows_energy_or_says_that_it_was_not_measured(fake_run, tmp_path):
    assert "Energy was not measured." in read(built(fake_run, tmp_path)).words
    file = Path(fake_run.paths.provenance("student", "all"))
    raw = json.loads(file.read_text())
    write_checked(file, raw | {"used": {**raw["used"], "cpu_j": 3_000.0, "gpu_j": 4.5e6}})
    reader = read(built(fake_run, tmp_path))
    assert "Energy was not measured." not in reader.words
    costs = {row[0]: row[-2:] for row in reader.table("Cost of each stage")}
    assert costs["Stage"] == ["CPU energy", "GPU energy"]
    assert costs["student"] == ["3 kJ", "4.5 MJ"]
    assert costs["verify"] == ["not measured", "not measured"]


def test_an_empty_run_makes_a_page(tmp_path, fake_run):
    files = fake_run.files()
    write_rows(files.corpus, CorpusRow, [])
    write_checked(files.scores, {"scores": [], "differences": [], "open_cases": []})
    none = type(files)([], [], files.corpus, [], files.scores)
    build_report("none", none, tmp_path / "funnel.json", tmp_path / "report.html")
    reader = read((tmp_path / "report.html").read_text())
    assert "The run has no rows." in reader.words
    assert "No benchmark was run." in reader.words


def test_the_page_of_a_folder_has_its_verification_and_a_comparison(fake_run, tmp_path):
    folder = Path(fake_run.paths.root)
    assert "never verified" in read(saved_page(folder)).words
    root = root_of(read_records(fake_run.records))
    remember_verification(folder, root, "2026-11-24T05:06:07", "signed 2026 by alice")
    copy = tmp_path / "elsewhere" / "copy"
    shutil.copytree(folder, copy)
    file = copy / "provenance/sample/00000.json"
    write_checked(file, json.loads(file.read_text()) | {"spec": {"programs_per_shard": 7}})
    reader = read(saved_page(folder, against=copy))
    verified = "every file was as recorded at the last verification, 2026-11-24T05:06:07"
    assert f"{verified}; signed 2026 by alice" in reader.words
    assert f"Comparison with {copy}" in reader.words
    assert "programs_per_shard" in reader.words and "What changed?" in reader.words
    assert "With which settings?" in reader.words
    shutil.rmtree(folder)  # the copy names its own files
    assert len(read(saved_page(copy)).data) == 28


def test_an_unfinished_run_has_no_page(fake_run):
    Path(fake_run.paths.provenance("corpus", "all")).unlink()
    with pytest.raises(UserError, match="1 jobs have no record, such as corpus all"):
        saved_page(Path(fake_run.paths.root))
