"""Held-out questions: no source turns one into a Code CoT."""

from caco.stages.seeds.normalise import make_seed
from caco.stages.unify.held_out import leaked_seeds


def seed(problem, source="s"):
    return make_seed(source, problem, "8")


def test_a_held_out_question_is_found_in_another_source():
    held_out = seed("What is 3 + 5?", "easy")
    seeds = [seed("What is 3 + 6?"), seed("what is 3 + 5"), seed("What is 3 * 5?")]
    leaked = leaked_seeds(seeds, [("easy", [held_out]), ("other", [seed("And?", "other")])])
    assert list(leaked) == [seeds[1].seed_id]
    assert f"seed {held_out.seed_id} of easy" in leaked[seeds[1].seed_id].reason


def test_nothing_is_held_out():
    assert leaked_seeds([seed("What is 3 + 5?")], []) == {}
