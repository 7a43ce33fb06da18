"""Examples from the seeds' own pairs before the prompts of questions and solutions."""

import re

import pytest
from tests.fake_engine import FakeEngine
from tests.stages.reverse.reverse_rows import WRITE, WRITE_QUESTIONS, question, verified

from caco.engines.protocol import GeneratingModel
from caco.errors import UserError
from caco.rows.code_cot import CodeCoT
from caco.rows.question import Question
from caco.rows.seed import Seed
from caco.rows.solution import Solution
from caco.stages.reverse import few_shot
from caco.stages.reverse.few_shot import Example, FewShot, pool
from caco.stages.reverse.question import question_example, write_questions
from caco.stages.reverse.solution import solution_example, write_solutions


def code_cot(number):
    program = f"# number {number}\noutput = 1"
    return CodeCoT(f"p{number}", f"s{number}", "easy", program, "c", f'{{"a": {number}}}', "1")


def seed(number, solution="1 + 0 = <<1+0=1>>1"):
    return Seed(
        f"s{number}", "easy", "math", f"Problem {number}?", solution, None, str(number), "MIT"
    )


ROWS = [code_cot(n) for n in range(6)]
SEEDS = [seed(n) for n in range(8)]


def drawn(make, count, rows=ROWS, seeds=SEEDS):
    examples = [make(row, found) for row, found in pool(rows, seeds, 0)]
    return FewShot(examples, count, 0, "reverse.question.examples")


def prompts(write, rows, section, shots):
    engine = FakeEngine(lambda r: "What is 3 times 4? 12")
    model = GeneratingModel(engine, "<u>{}<a>".format, "m")
    return list(write(rows, model, section, few_shot=shots)), [r.prompt for r in engine.requests]


def test_a_question_is_requested_after_examples_of_program_and_problem():
    shots = drawn(question_example, 2)
    _, (prompt,) = prompts(write_questions, [verified(100)], WRITE_QUESTIONS, shots)
    shown = [n for n in range(6) if f"Problem {n}?" in prompt]
    assert len(shown) == 2
    for n in shown:
        assert prompt.index(f"# number {n}\n") < prompt.index(f"Problem {n}?")
    assert prompt.index("Your turn") > max(prompt.index(f"Problem {n}?") for n in shown)
    assert prompt.endswith("Output: 12<a>")


def test_a_solution_is_requested_after_examples_of_problem_and_worked_solution():
    shots = drawn(solution_example, 1)
    (row,), (prompt,) = prompts(write_solutions, [question(100)], WRITE, shots)
    assert prompt.count("Problem ") == 1
    assert "1 + 0 = 1\nThe answer is \\boxed{" in prompt
    assert "<<" not in prompt
    assert prompt.endswith("What is 3 times 4?<a>")
    assert isinstance(row, Solution)


def test_a_seed_without_a_worked_solution_is_no_example_of_a_solution():
    assert solution_example(code_cot(1), seed(1, solution=None)) is None


def test_no_request_has_its_own_program_as_an_example():
    shots = drawn(question_example, 2, ROWS[:3])
    for number in range(3):
        for name in range(20):
            row = verified(number, sample_id=f"sample {name}")
            _, (prompt,) = prompts(write_questions, [row], WRITE_QUESTIONS, shots)
            assert prompt.count("Problem ") == 2
            assert f"Problem {number}?" not in prompt


def test_the_draw_depends_on_the_request_and_on_nothing_else():
    shots = drawn(question_example, 2)
    rows = [verified(n) for n in range(100, 110)]
    _, first = prompts(write_questions, rows, WRITE_QUESTIONS, shots)
    _, again = prompts(
        write_questions,
        rows[::-1],
        WRITE_QUESTIONS,
        drawn(question_example, 2, ROWS[::-1], SEEDS[::-1]),
    )
    assert first == again[::-1]
    heads = {prompt.partition("Your turn")[0] for prompt in first}
    assert len(heads) > 3


def test_a_pool_is_a_bounded_random_part(monkeypatch):
    monkeypatch.setattr(few_shot, "_POOL", 3)
    names = {
        n: {
            row.program_id
            for row, _ in pool((code_cot(i) for i in range(50)), map(seed, range(50)), n)
        }
        for n in range(4)
    }
    assert [len(found) for found in names.values()] == [3] * 4
    assert len(set.union(*names.values())) > 5


def test_without_examples_a_prompt_and_its_digest_are_unchanged():
    plain, with_one = FewShot((), 0, 0, "k"), drawn(question_example, 1)
    assert plain.before("text", "name", "p") == "text"
    (zero,), _ = prompts(write_questions, [verified(9)], WRITE_QUESTIONS, plain)
    (one,), _ = prompts(write_questions, [verified(9)], WRITE_QUESTIONS, with_one)
    assert isinstance(zero, Question) and isinstance(one, Question)
    assert zero.question_prompt != one.question_prompt
    assert zero.question_id != one.question_id


@pytest.mark.parametrize("available", [0, 1, 2])
def test_too_few_examples_are_an_error(available):
    examples = [Example(f"p{n}", "prompt", "reply") for n in range(available)]
    message = f"`reverse.question.examples` is 2, .* make {available} examples; lower it to at most"
    with pytest.raises(UserError, match=message):
        FewShot(examples, 2, 0, "reverse.question.examples")


def detailed(make):
    made = (make(row, found, "detailed") for row, found in pool(ROWS, SEEDS, 0))
    return [example for example in made if example]


def conversation(*turns):
    return "".join(f"<{n % 2}>{turn}" for n, turn in enumerate(turns))


def conversations(write, row, section, shots):
    engine = FakeEngine(lambda r: "What is 3 times 4? 12")
    model = GeneratingModel(engine, "<only>{}".format, "m", conversation)
    (written,) = write([row], model, section, few_shot=shots)
    return written, engine.requests[0].prompt


def test_the_examples_of_a_detailed_prompt_are_turns():
    section = WRITE_QUESTIONS.model_copy(update={"prompt": "detailed"})
    shots = FewShot(detailed(question_example), 2, 0, "reverse.question.examples")
    row, prompt = conversations(write_questions, verified(100), section, shots)
    turns = re.split("<[01]>", prompt)[1:]
    assert len(turns) == 5
    for asked, replied in (turns[:2], turns[2:4]):
        (number,) = re.findall(r"# number (\d)", asked)
        assert asked.endswith(f"- a: {number}") and replied == f"Problem {number}?"
    assert all(turn.startswith("Write a math word problem") for turn in turns[::2])
    assert turns[-1].endswith("- a: 3\n- b: 4") and "12" not in turns[-1]  # not the result
    bare, prompt = conversations(write_questions, verified(100), section, few_shot.ZERO_SHOT)
    assert prompt == f"<only>{turns[-1]}"
    short, _ = conversations(write_questions, verified(100), WRITE_QUESTIONS, few_shot.ZERO_SHOT)
    assert len({row.question_prompt, bare.question_prompt, short.question_prompt}) == 3


def test_the_examples_of_a_detailed_solution_prompt_are_turns():
    section = WRITE.model_copy(update={"prompt": "detailed"})
    shots = FewShot(detailed(solution_example), 1, 0, "reverse.solution.examples")
    row, prompt = conversations(write_solutions, question(100), section, shots)
    _, asked, replied, last = re.split("<[01]>", prompt)
    assert asked.startswith("Solve the problem") and "Problem " in asked
    assert replied.startswith("1 + 0 = 1\nThe answer is \\boxed{")
    assert last.endswith("What is 3 times 4?")
    bare, _ = conversations(write_solutions, question(100), section, few_shot.ZERO_SHOT)
    short, _ = conversations(write_solutions, question(100), WRITE, few_shot.ZERO_SHOT)
    assert len({row.solution_prompt, bare.solution_prompt, short.solution_prompt}) == 3


def test_a_model_that_takes_one_turn_takes_no_examples_of_a_detailed_prompt():
    section = WRITE_QUESTIONS.model_copy(update={"prompt": "detailed"})
    shots = FewShot(detailed(question_example), 2, 0, "reverse.question.examples")
    with pytest.raises(UserError, match="set `examples: 0`, or `prompt: short` where"):
        prompts(write_questions, [verified(100)], section, shots)


def test_same_examples_stand_before_every_prompt():
    examples = [question_example(row, found) for row, found in pool(ROWS, SEEDS, 0)]
    shots = FewShot(examples, 2, 0, "reverse.question.examples", same=True)
    rows = [verified(n) for n in range(100, 110)]
    _, asked = prompts(write_questions, rows, WRITE_QUESTIONS, shots)
    assert len({prompt.partition("Your turn")[0] for prompt in asked}) == 1
    for number in range(6):  # a request never has its own program as an example
        _, (prompt,) = prompts(write_questions, [verified(number)], WRITE_QUESTIONS, shots)
        assert f"Problem {number}?" not in prompt and prompt.count("Problem ") == 2
