"""An engine that resumes: it reads its journal first, and keeps there whatever is finished.

Decides no row beyond which of them the journal already holds, so no code digest covers it
(`caco.runtime.RESULTS_VERSION`).
"""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Self

from caco.engines.protocol import Completion, Engine, Request
from caco.identity import canonical_json, digest
from caco.runtime.journal import Journal

_CONTENT = [field.name for field in fields(Request) if field.name != "request_id"]


class ResumableEngine:
    """An engine that asks its journal first and tells it of everything that is finished."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        """Takes an engine and a journal, both not yet entered."""
        self._engine = engine
        self._journal = journal

    def __enter__(self) -> Self:
        """Enters both."""
        self._journal.__enter__()
        try:
            self._engine.__enter__()
        except BaseException:
            self._journal.__exit__()
            raise
        if len(self._journal):
            print(f"going on after {len(self._journal):,} finished rows", file=sys.stderr)
        return self

    def __exit__(self, *exc: object) -> None:
        """Leaves both."""
        try:
            self._engine.__exit__(*exc)
        finally:
            self._journal.__exit__()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion a request, in no particular order; see `Engine.generate`.

        What is kept up to the first new request is yielded before the engine draws: a shard that
        was nearly done would else wait in memory as a whole.
        """
        queue = iter(requests)
        asked: dict[str, str] = {}  # requests given to the engine, and their keys

        def finished(request: Request) -> Completion | None:
            key = request_key(request)
            kept = self._journal.get(key)
            if kept is None:
                asked[request.request_id] = key
                return None
            return Completion(
                request.request_id, kept["text"], kept["tokens"], kept["finish_reason"]
            )

        for first in queue:
            if (completion := finished(first)) is None:
                break
            yield completion
        else:
            return
        kept: deque[Completion] = deque()

        def new() -> Iterator[Request]:
            yield first
            for request in queue:
                if (completion := finished(request)) is None:
                    yield request
                else:
                    kept.append(completion)

        for completion in self._engine.generate(new()):
            self._journal.add(
                asked.pop(completion.request_id),
                {
                    "text": completion.text,
                    "tokens": completion.tokens,
                    "finish_reason": completion.finish_reason,
                },
            )
            while kept:
                yield kept.popleft()
            yield completion
        yield from kept


def request_key(request: Request) -> str:
    """Returns the digest of what was asked; the request's name is no part of that."""
    content = [getattr(request, name) for name in _CONTENT]
    return digest("request", canonical_json(content))
