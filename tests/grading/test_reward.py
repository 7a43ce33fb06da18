"""The reward: right, wrong, malformed and hanging completions, as TRL passes them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from caco.grading.reward import Reward
from caco.grading.worker import _graded, answer_requests

ROOT = Path(__file__).resolve().parents[2]
HANGING = r"The answer is \boxed{9^{9^{9^{9^{9}}}}}."


@pytest.fixture(scope="module")
def reward():
    return Reward(timeout_s=20)


def conversation(text):
    return [{"role": "assistant", "content": text}]


RIGHT, WRONG = r"3 + 4 = 7. The answer is \boxed{7}.", r"The answer is \boxed{8}."


@pytest.mark.parametrize("form", [str, conversation], ids=["plain", "conversational"])
def test_completions_are_right_wrong_or_without_an_answer(reward, form):
    texts = [RIGHT, WRONG, "I do not know", "", r"\boxed{", "\ud800\x00"]
    rewards = reward(completions=[form(text) for text in texts], answer=["7"] * len(texts))
    assert rewards == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert all(type(value) is float for value in rewards)


@pytest.mark.parametrize(
    "malformed",
    [[], [{}], [{"role": "assistant", "content": None}], [{"content": [7]}], [{"content": 7}]],
    ids=str,
)
def test_a_malformed_conversation_scores_0(reward, malformed):
    assert reward([malformed, conversation(RIGHT)], ["7", "7"]) == [0.0, 1.0]


def test_the_last_message_counts_also_in_parts(reward):
    said = [*conversation(WRONG), {"role": "assistant", "content": [{"text": RIGHT}]}]
    assert reward([said], ["7"]) == [1.0]


def test_answers_that_are_no_texts_and_the_columns_of_a_data_set(reward):
    others = {"question_id": ["q"], "trainer_state": None, "completion_ids": [[1]]}
    assert reward([RIGHT], [7], **others) == [1.0]
    assert reward([RIGHT, RIGHT], [None, ""]) == [0.0, 0.0]
    assert reward([r"\boxed{[1, 2]}"], ["[1, 2]"]) == [1.0]


def test_the_question_decides_what_a_percentage_means(reward):
    said, ask = conversation(r"\boxed{40\%}"), [{"role": "user", "content": "Which percentage?"}]
    assert reward([said, said], ["40", "40"], prompts=[ask, conversation("Which share?")]) == [1, 0]


def test_an_expression_that_is_copied_from_the_prompt_scores_0(reward):
    asked, said = "Simplify: $-10-4(n-5)$", [r"\boxed{-10-4(n-5)}", r"\boxed{10-4n}"]
    assert reward(said, ["10-4 n"] * 2, prompts=[asked] * 2) == [0.0, 1.0]


def test_another_number_of_answers_is_an_error(reward):
    with pytest.raises(ValueError, match="zip"):
        reward([RIGHT, RIGHT], ["7"])


def test_a_hanging_completion_costs_its_time_limit_alone():
    limited = Reward(timeout_s=1.0)
    limited._grader._worker = hang_on_hang
    assert limited([RIGHT], ["7"]) == [1.0]  # the worker has started
    began = time.monotonic()
    assert limited([RIGHT, "hang", RIGHT], ["7"] * 3) == [1.0, 0.0, 1.0]
    assert 1.0 <= time.monotonic() - began < 10


def hang_on_hang(pipe):
    """A worker that hangs on one text."""

    def grade(request):
        if request.text == "hang":
            time.sleep(600)
        return _graded(request)

    answer_requests(pipe, grade)


def test_a_tower_of_powers_scores_0_in_time():
    began = time.monotonic()
    assert Reward(timeout_s=2.0)([HANGING, RIGHT], ["7", "7"]) == [0.0, 1.0]
    assert time.monotonic() - began < 15


def test_a_script_without_a_main_guard_is_not_run_again_in_the_worker(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "print('trains')\n"
        "from caco.grading.reward import reward\n"
        "print(reward(completions=['It is 7.', 'It is 8.'], answer=['7', '7']))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout == "trains\n[1.0, 0.0]\n", done.stderr
