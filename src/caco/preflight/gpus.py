"""Whether the jobs that generate ask for as many GPUs as their engines use.

How many GPUs share a model is for the config to say, how many a job gets for the profile and the
site: several times as many hold as many copies of the model (`caco.engines.copies`). Neither knows
the other, and a job with too few would first wait for its turn and then fail.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from caco.config.jobs import engines_of
from caco.config.workflow import Config
from caco.errors import UserError
from caco.preflight.asks import Ask


class _Use(NamedTuple):
    """What a rule's jobs ask for, and the engine of theirs that uses most."""

    ask: Ask
    key: str
    gpus: int

    @property
    def mend(self) -> str:
        return f"set `{self.ask.rule}: {{gpus: {self.gpus}}}` under `rules` in site.yaml"

    @property
    def idle(self) -> int:
        """GPUs that fill no group of those which share a model."""
        return self.ask.gpus % self.gpus if self.gpus else self.ask.gpus


def too_few_gpus(asks: Iterable[Ask], config: Config) -> list[UserError]:
    """Returns one error for each rule with an engine that shares its model over more than is asked.

    Without any GPU a job runs on the CPU, where an engine that shares nothing can.

    Args:
        asks: What the rules' jobs ask for.
        config: The run.
    """
    return [
        UserError(
            f"`{use.key}.tensor_parallel` is {use.gpus}, and the jobs of {use.ask.rule} ask for "
            f"{use.ask.gpus} GPUs on a node; {use.mend}"
        )
        for use in _uses(asks, config)
        if use.ask.gpus < use.gpus > 1
    ]


def idle_gpus(asks: Iterable[Ask], config: Config) -> list[str]:
    """Returns a notice for each rule whose jobs would hold GPUs that no engine of theirs uses.

    It may be meant: some clusters give whole nodes only.

    Args:
        asks: What the rules' jobs ask for.
        config: The run.
    """
    return [
        f"notice: the jobs of {use.ask.rule} ask for {use.ask.gpus} GPUs on a node, of which "
        f"`{use.key}` leaves {use.idle} idle; to ask for no more, {use.mend}"
        for use in _uses(asks, config)
        if use.idle and use.ask.gpus > use.gpus
    ]


def _uses(asks: Iterable[Ask], config: Config) -> Iterator[_Use]:
    engines = engines_of(config)
    for ask in asks:
        used = {key: engine.gpus for key, engine in engines.get(ask.rule, {}).items()}
        if used:
            key = max(used, key=lambda name: used[name])
            yield _Use(ask, key, used[key])
