"""Rows and sections for tests of the reverse stage."""

from caco.config.engines import TransformersEngineConfig
from caco.config.generation import Sampling, WriteQuestions, WriteSolutions
from caco.rows.question import Question
from caco.rows.solution import Solution
from caco.rows.verified import Verified

_SAMPLING = Sampling(temperature=0.7, max_new_tokens=64, seed=2)
WRITE = WriteSolutions(engine=TransformersEngineConfig(), sampling=_SAMPLING)
WRITE_QUESTIONS = WriteQuestions(engine=TransformersEngineConfig(), sampling=_SAMPLING)


def verified(number=1, **changed):
    values = {
        "sample_id": f"s{number}",
        "program_id": f"p{number}",
        "shard": "00000",
        "program": "input = {'a': 3, 'b': 4}\noutput = input['a'] * input['b']\nprint(output)",
        "codegen": "c",
        "input": '{"a":3,"b":4}',
        "output": "12",
    }
    return Verified(**(values | changed))


def question(number=1, **changed):
    row = verified(number)
    values = {name: getattr(row, name) for name in Verified.__dataclass_fields__} | {
        "question_id": f"q{number}",
        "question": "What is 3 times 4?",
        "question_prompt": "qp",
        "question_model": "qm",
    }
    return Question(**(values | changed))


def solution(number=1, answer="12", **changed):
    row = question(number)
    values = {name: getattr(row, name) for name in Question.__dataclass_fields__} | {
        "solution": rf"3 * 4 = 12. The answer is \boxed{{{answer}}}.",
        "solution_prompt": "sp",
        "solution_model": "sm",
    }
    return Solution(**(values | changed))
