"""The grader: a verdict for every answer, whatever it is and whatever its worker does."""

import os
import random
import re
import signal
import string
import threading
import time
from multiprocessing.process import BaseProcess

import pytest

from caco.errors import ClusterError
from caco.grading.grader import Grade, Grader
from caco.grading.second import second_grader


def _worker(grader: Grader) -> BaseProcess:
    assert grader._process is not None
    return grader._process


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=20) as g:
        yield g


@pytest.fixture(scope="module")
def second():
    with second_grader(timeout_s=60) as g:
        yield g


@pytest.mark.parametrize(
    ("gold", "text", "kind", "verdict", "answer"),
    [
        ("42", "42.0", "answer", "correct", "42.0"),
        ("42", "43", "answer", "wrong", "43"),
        ("42", r"4 \unknown 2", "answer", "undecided", r"4 \unknown 2"),
        ("42", " ", "answer", "no_answer", ""),
        ("7", "The answer is $7$.", "solution", "correct", "7"),
        ("7", r"So \boxed{8}.", "solution", "wrong", "8"),
        ("7", "I do not know", "solution", "no_answer", ""),
    ],
)
def test_each_answer_has_a_verdict_and_a_reason(grader, gold, text, kind, verdict, answer):
    grade = grader.grade(gold, text, kind)
    assert (grade.verdict, grade.answer) == (verdict, answer)
    assert grade.reason


def test_an_answer_of_several_sentences_equals_itself(grader):
    gold = "The mode is $x=0$. It is unique."
    assert grader.grade(gold, f"The answer is {gold}", "solution").verdict == "correct"


def test_a_solution_is_graded_against_an_output(grader):
    assert grader.grade_output("[2, 3]", r"So \boxed{(2, 3)}.", "Which?").verdict == "correct"
    assert grader.grade_output("[2, 3]", r"So \boxed{(3, 2)}.", "Which?").verdict == "wrong"
    assert grader.grade_output("40", r"\boxed{40\%}", "Which share?").verdict == "wrong"
    assert grader.grade_output("40", r"\boxed{40\%}", "Which percentage?").verdict == "correct"


def test_the_second_grader_reads_in_its_own_way(second):
    assert second.grade("7", "First 3, then 4, so in all it is $7$.", "solution") == Grade(
        "correct", "'7' is '7'", "7"
    )
    assert second.grade("7", "In all it is $8$.", "solution").verdict == "wrong"
    assert second.grade("7", "I do not know", "solution").verdict == "no_answer"
    # Where the first grader wants proof, math-verify drops what it cannot parse.
    assert second.grade("12", r"\boxed{12\text{ dozen}}", "solution").verdict == "correct"


@pytest.mark.parametrize(
    ("gold", "answer", "verdict"),
    [
        ("2.5", "2.59", "correct"),
        ("2.5", "2.61", "wrong"),
        ("-2.5", "2.5", "wrong"),
        ("0.0", "0.01", "wrong"),
        ("100", "101", "wrong"),
    ],
)
def test_both_graders_apply_the_tolerance_of_a_benchmark(grader, second, gold, answer, verdict):
    for each in (grader, second):
        found = each.grade(gold, f"So it is $\\boxed{{{answer}}}$.", "solution", None, 0.04)
        assert found.verdict == verdict, found
    assert grader.grade(gold, answer, "answer").verdict == "wrong"


def test_both_graders_apply_the_absolute_error_of_a_problem(grader, second):
    for answer, verdict in (("4.3", "correct"), ("4.1", "correct"), ("4.31", "wrong")):
        for each in (grader, second):
            text = f"So it is $\\boxed{{{answer}}}$."
            assert each.grade("4.2", text, "solution", absolute_error="1e-1").verdict == verdict
    text = r"They are \boxed{1.6} and \boxed{2.4}."
    assert grader.grade("1.5, 2.5", text, "solution", absolute_error="0.1").verdict == "correct"


def test_an_expression_that_is_copied_from_the_question_has_its_own_verdict(grader):
    question, text = "Simplify: $-10-4(n-5)$", r"We simplify. \boxed{-10 - 4(n-5)}"
    assert grader.grade("10-4 n", text, "solution", question) == Grade(
        "copied", "'-10 - 4(n-5)' is copied from the question", "-10 - 4(n-5)"
    )
    assert grader.grade("10-4 n", text, "solution").verdict == "correct"  # no question is known
    assert grader.grade("10-4 n", "-4n + 10", "answer", question).verdict == "correct"
    assert grader.grade("12-4 n", text, "solution", question).verdict == "wrong"
    assert grader.grade_output("22", "The answer is 17 + 5", "What is 17 + 5?").verdict == "copied"


def test_of_a_solution_that_was_cut_off_the_last_value_is_no_answer(grader):
    text = "We add 7 to 5 and get 12"
    assert grader.grade("12", text, "solution").verdict == "correct"
    assert grader.grade("12", text, "solution", complete=False).verdict == "no_answer"
    stated = "The answer is 12. To check it, we"
    assert grader.grade("12", stated, "solution", complete=False).verdict == "correct"


def test_fuzzed_answers_get_a_verdict_within_the_limit(grader):
    rng = random.Random(1)
    alphabet = string.ascii_letters + string.digits + string.punctuation * 2 + " \n"
    pieces = [r"\frac{", r"\sqrt", r"\boxed{", "the answer is ", "9^", "!", "<think>", "$", "####"]
    for _ in range(500):
        text = "".join(rng.choices([*alphabet, *pieces], k=rng.randint(0, 60)))
        kind = rng.choice(["answer", "solution"])
        assert grader.grade("42", text, kind, "What is it?").verdict in (
            "correct", "wrong", "undecided", "no_answer",
        )  # fmt: skip


def _misbehave(pipe):
    """Does what a request's text says."""
    pipe.send("ready")
    while True:
        text = pipe.recv().text
        if text == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            re.match(r"(a+)+b", "a" * 100)  # one call of C code
        if text == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(("correct", text, ""))


def test_a_text_that_hangs_is_killed_and_the_next_one_succeeds():
    with Grader(timeout_s=0.5, worker=_misbehave) as grader:
        started = time.monotonic()
        grade = grader.grade("1", "hang", "answer")
        assert grade.verdict == "grader_timeout"
        assert "took over 0.5 s" in grade.reason
        assert time.monotonic() - started < 20
        assert grader.grade("1", "fine", "answer").verdict == "correct"


def test_a_text_that_kills_its_worker_twice_is_a_grader_timeout():
    with Grader(timeout_s=20, worker=_misbehave) as grader:
        grade = grader.grade("9", "die", "answer")
        assert grade.verdict == "grader_timeout"
        assert "killed the worker process twice" in grade.reason
        assert grader.grade("1", "fine", "answer").verdict == "correct"


def test_an_expression_that_is_too_large_is_not_accepted_and_leaves_no_process():
    with Grader(timeout_s=2) as grader:
        assert grader.grade("9", "9^{9^{9^{9}}}", "answer").verdict != "correct"
        assert grader.grade("9", "3^2", "answer").verdict == "correct"
        worker = _worker(grader).pid
        assert worker is not None
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_worker_killed_from_outside_is_replaced():
    with Grader(timeout_s=20) as grader:
        assert grader.grade("9", "3^2", "answer").verdict == "correct"
        worker = _worker(grader)
        worker.kill()
        worker.join()
        assert grader.grade("9", "4^2", "answer").verdict == "wrong"


def test_graders_work_in_threads():
    verdicts: list[str] = []

    def grade(n: int) -> None:
        with Grader(timeout_s=20) as grader:
            verdicts.extend(grader.grade(str(n), str(n), "answer").verdict for _ in range(20))

    threads = [threading.Thread(target=grade, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == ["correct"] * 80


def _never_ready(pipe):
    pipe.close()


def test_a_worker_that_does_not_start_is_a_cluster_error():
    with Grader(timeout_s=1, worker=_never_ready) as grader, pytest.raises(ClusterError):
        grader.grade("9", "3^2", "answer")


def test_a_closed_grader_starts_nothing():
    with Grader(timeout_s=1) as grader:
        pass
    with pytest.raises(ClusterError, match="closed"):
        grader.grade("9", "3^2", "answer")
