"""Training examples: prompts, completions and labels of each fine-tuning stage."""

from typing import Any

import pytest
from tests.tiny_model import make_tiny_model

from caco.models.tokenizer import load_tokenizer
from caco.rows.code_cot import CodeCoT
from caco.rows.corpus import CorpusRow
from caco.rows.seed import Seed
from caco.text.chat import chat_prompt, end_of_turn, unconditional_prefix
from caco.training.codegen_examples import codegen_examples
from caco.training.examples import IGNORED, Example, token_ids, write_tokens
from caco.training.student_examples import student_examples
from caco.training.writer_examples import writer_examples

_COT = CodeCoT("p1", "s1", "src", "input = {}\noutput = 5\n", "program", "{}", "5")


def _seed(solution: str | None) -> Seed:
    return Seed("s1", "src", "math", "What is 2 + 3?", solution, None, "5", "MIT")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(make_tiny_model(tmp_path_factory.mktemp("tiny")))


def test_codegen_examples_have_the_program_in_an_open_user_turn_and_no_question(tokenizer):
    prefix, end = unconditional_prefix(tokenizer), end_of_turn(tokenizer)
    assert list(codegen_examples([_COT], prefix, end)) == [
        Example(
            "<|im_start|>system\nYou are a helpful AI assistant.<|im_end|>\n<|im_start|>user\n",
            "input = {}\noutput = 5<|im_end|>",
        )
    ]


def test_writer_examples_have_the_prompts_of_the_reverse_stage():
    question, solution = writer_examples([_COT], {"s1": _seed("2 + 3 = <<2+3=5>>5.")}, str, "<end>")
    assert question is not None and solution is not None
    assert "output = 5" in question.prompt
    assert question.completion == "What is 2 + 3?<end>"
    assert "What is 2 + 3?" in solution.prompt
    assert "output = 5" not in solution.prompt
    assert solution.completion == "2 + 3 = 5.\nThe answer is \\boxed{5}.<end>"


def test_a_seed_without_a_solution_has_no_solution_example():
    question, solution = writer_examples([_COT], {"s1": _seed(None)}, str, "<end>")
    assert question is not None
    assert solution is None


def test_a_writer_of_one_kind_of_text_learns_no_other():
    seeds = {"s1": _seed("2 + 3 = <<2+3=5>>5.")}
    question, solution = writer_examples([_COT], seeds, str, "<end>")
    assert list(writer_examples([_COT], seeds, str, "<end>", "questions")) == [question]
    assert list(writer_examples([_COT], seeds, str, "<end>", "solutions")) == [solution]


def test_student_examples_have_text_only():
    parents: Any = ["x"] * 9
    row = CorpusRow("Ask?", "Because 5.", "5", "CODE", *parents)
    assert list(student_examples([row], lambda p: f"Q {p} A ", "<end>")) == [
        Example("Q Ask? A ", "Because 5.<end>")
    ]


def test_only_the_completion_and_its_end_token_have_labels(tokenizer):
    prompt = chat_prompt(tokenizer, "What?")
    ((ids, labels),) = token_ids([Example(prompt, "Five<|im_end|>")], tokenizer, 1000)
    labelled = [i for i, label in zip(ids, labels, strict=True) if label != IGNORED]
    assert tokenizer.decode(labelled) == "Five<|im_end|>"
    assert tokenizer.decode(ids) == prompt + "Five<|im_end|>"


def test_thinking_is_disabled_in_templates_that_support_it(tokenizer, monkeypatch):
    tail = "{{ '' if enable_thinking | default(true) else '<think></think>' }}"
    template = "{% for m in messages %}{{ m.content }}{% endfor %}" + tail
    monkeypatch.setattr(tokenizer, "chat_template", template)
    assert chat_prompt(tokenizer, "What?") == "What?<think></think>"


def test_every_example_is_accepted_truncated_or_rejected(tokenizer, tmp_path):
    import pyarrow.parquet as pq

    examples = [
        Example("a", "b<|im_end|>"),
        Example("a", "long " * 50),
        Example("much " * 50, "b"),
        None,
    ]
    counts, truncated = write_tokens(examples, tokenizer, 20, tmp_path / "tokens.parquet")
    assert counts.rejected == {"prompt_over_cutoff": 1, "no_solution": 1}
    assert (counts.rows_in, counts.accepted, truncated) == (4, 2, 1)
    counts.check()
    lengths = [
        len(row["input_ids"]) for row in pq.read_table(tmp_path / "tokens.parquet").to_pylist()
    ]
    assert lengths == [3, 20]


def test_without_a_template_a_turn_ends_with_the_end_of_text(tokenizer):
    class Plain:
        chat_template = None
        eos_token = "</s>"

    assert end_of_turn(Plain()) == "</s>"
    assert end_of_turn(tokenizer) == "<|im_end|>"
