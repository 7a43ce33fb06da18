"""Prompts and requests for the tests of the engines."""

from caco.engines.protocol import Request

_THINGS = ("apples", "books", "cups", "stamps", "coins", "chairs", "eggs", "pens")
_QUESTIONS = (
    "Ann has {i} {thing} and buys {j} more. How many {thing} has she now?",
    "A box holds {i} {thing}. How many {thing} do {j} boxes hold?",
    "Write one sentence about {i} {thing}.",
    "Write a Python function that counts {thing}.",
)


def chat(user):
    return f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n"


PROMPTS = [
    chat(_QUESTIONS[i % 4].format(i=i + 2, j=i % 7 + 3, thing=_THINGS[i // 4 % 8]))
    for i in range(64)
]


def request(i, prompt=None, **changed):
    settings = {"temperature": 0.9, "top_p": 0.95, "top_k": 50, "max_new_tokens": 12} | changed
    return Request(str(i), PROMPTS[i] if prompt is None else prompt, 1000 + i, **settings)


def completions(engine, requests):
    return {c.request_id: c for c in engine.generate(requests)}
