"""The grader: exact comparison, with a verdict for every comparison."""

import os
import signal
import time
from multiprocessing.process import BaseProcess

import pytest

from caco.errors import ClusterError
from caco.grading.grader import Grader
from caco.grading.strictness import equal_as_text, is_text


def _worker(grader: Grader) -> BaseProcess:
    assert grader._process is not None
    return grader._process


@pytest.fixture(scope="module")
def grader():
    with Grader(timeout_s=20) as g:
        yield g


@pytest.mark.parametrize(
    ("gold", "answer", "verdict"),
    [
        ("42", "42", "correct"),
        ("42", "42.0", "correct"),
        ("42", "43", "wrong"),
        ("-5", "5", "wrong"),
        ("1000", "1,000", "correct"),
        ("0.5", r"\frac{1}{2}", "correct"),
        ("1/3", "0.3333", "wrong"),
        ("42", r"42\text{ apples}", "correct"),
        ("42", "x = 42", "correct"),
        ("42", "forty-two", "wrong"),
        ("42", "4200", "wrong"),  # the released grader accepts a factor of 100
        ("42", "0.42", "wrong"),
        ("12345678901234567890", "12345678901234567891", "wrong"),
        (r"\frac{2}{4}", "0.5", "correct"),
        ("[1,2,3]", "[1, 2, 3]", "correct"),
        ("[1,2,3]", "[3, 2, 1]", "wrong"),
        ('["a","b"]', '[ "a", "b" ]', "correct"),
        ('["a","b"]', '["b","a"]', "wrong"),
        ("abc", "abc", "correct"),
        ("abc", "bca", "wrong"),  # equal to math-verify: the product a b c
        ("10:30", "1/3", "wrong"),  # equal to math-verify
        ("2024-01-05", "2018", "wrong"),  # equal to math-verify
        ("true", "True", "correct"),
        ("true", r"\text{True}", "correct"),
        ("Monday", r"\text{Monday}", "correct"),
        ("Monday", r"\text{Tuesday}", "wrong"),
        ("42", "**42**", "correct"),
        ("42", "**43**", "wrong"),
        ("aB", "ab", "wrong"),
        ("42", " ", "no_answer"),
        # Equal to math-verify, but different answers.
        ("42", r"\leq 42", "wrong"),
        ("[1,1]", "1", "wrong"),
        ("[1,1]", "[1.0, 1]", "correct"),
        ("[5]", "[5.0]", "correct"),
        ("A", "a", "wrong"),
        ("A", r"\text{(A)}", "correct"),
        ("0.0000001", "0.0000002", "wrong"),
        ("0.30000000000000004", "0.3", "correct"),
        ("0.3333333333333333", "0.33333", "wrong"),
        ("0.3333333333333333", r"\frac{1}{3}", "correct"),
        # As Python prints floats; to math-verify 2.5 times Euler's number, less 3.
        ("2.5e-3", "0.0025", "correct"),
        ("2.5e-3", "3.795704571147613", "wrong"),
        ("1e-05", r"10^{-5}", "correct"),
        ("1e+20", "100000000000000000000", "correct"),
        ("[1e-05,2]", "[0.00001, 2.0]", "correct"),
        ("150000", "1.5e5", "correct"),
        ("150000", "1.5e6", "wrong"),
    ],
)
def test_answers_are_compared_exactly(grader, gold, answer, verdict):
    assert grader.equal(gold, answer).verdict == verdict


def test_the_last_answer_of_a_text_is_graded(grader):
    assert grader.find("7", "First 3, then 4, so in all it is $7$.").verdict == "correct"
    assert grader.find("7", "First 3, then 4, so in all it is 8.").verdict == "wrong"
    assert grader.find("7", "I do not know").verdict == "no_answer"
    assert grader.find("abc", "It is abc.").verdict == "no_answer"


def _hang_on_99(pipe):
    pipe.send("ready")
    while True:
        gold, _, _ = pipe.recv()
        if gold == "99":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                pass
        pipe.send("correct")


def test_a_comparison_that_hangs_is_killed_and_the_next_one_succeeds():
    with Grader(timeout_s=0.5, worker=_hang_on_99) as grader:
        started = time.monotonic()
        grade = grader.equal("99", "1")
        assert grade.verdict == "grader_timeout"
        assert "took over 0.5 s" in grade.reason
        assert time.monotonic() - started < 20
        assert (
            grader.equal("1", "one").verdict == "correct"
        )  # this worker returns `correct` for every other answer


def test_an_expression_that_is_too_large_times_out_and_leaves_no_process():
    with Grader(timeout_s=2) as grader:
        assert grader.equal("9", "9^{9^{9^{9}}}").verdict in ("grader_timeout", "wrong")
        assert grader.equal("9", "3^2").verdict == "correct"
        worker = _worker(grader).pid
        assert worker is not None
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_worker_killed_from_outside_is_replaced():
    with Grader(timeout_s=20) as grader:
        assert grader.equal("9", "3^2").verdict == "correct"
        worker = _worker(grader)
        worker.kill()
        worker.join()
        assert grader.equal("9", "4^2").verdict == "wrong"


def _die(pipe):
    pipe.send("ready")
    pipe.recv()
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_comparison_that_kills_its_worker_twice_is_a_grader_timeout():
    with Grader(timeout_s=20, worker=_die) as grader:
        grade = grader.equal("9", "3^2")
    assert grade.verdict == "grader_timeout"
    assert "killed the worker process twice" in grade.reason


def _never_ready(pipe):
    pipe.close()


def test_a_worker_that_does_not_start_is_a_cluster_error():
    with Grader(timeout_s=1, worker=_never_ready) as grader, pytest.raises(ClusterError):
        grader.equal("9", "3^2")


def test_text_is_told_from_mathematics():
    assert all(map(is_text, ["abc", "YES", '"a"', "10:30", "2024-01-05", "a1bc"]))
    assert not any(map(is_text, ["7", "-1.5", r"\frac{1}{2}", "[1,2]", "x^2 + 1", r"3\sqrt{2}"]))


def test_only_spaces_between_words_make_a_difference():
    assert equal_as_text("[1,2]", "[ 1 , 2 ]")
    assert equal_as_text("new  york", "new york")
    assert not equal_as_text("new york", "newyork")
