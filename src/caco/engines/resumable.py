"""An engine that resumes: it returns completions from its journal and appends new ones to it.

It does not affect the content of rows, so no code digest covers it
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
    """An engine with a journal: finished requests are read from it, new completions appended."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        """Takes an engine and a journal, neither of them entered yet."""
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
            print(f"resuming after {len(self._journal):,} finished rows", file=sys.stderr)
        return self

    def __exit__(self, *exc: object) -> None:
        """Leaves both."""
        try:
            self._engine.__exit__(*exc)
        finally:
            self._journal.__exit__()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Yields one completion per request, in no particular order; see `Engine.generate`.

        Journaled completions before the first new request are yielded before the engine starts, so
        that an almost finished shard does not accumulate in memory.
        """
        queue = iter(requests)
        keys: dict[str, str] = {}  # journal keys of the requests in flight, by request id

        def journaled(request: Request) -> Completion | None:
            key = request_key(request)
            row = self._journal.get(key)
            if row is None:
                keys[request.request_id] = key
                return None
            ids = row["token_ids"]
            return Completion(
                request.request_id,
                row["text"],
                row["tokens"],
                row["finish_reason"],
                None if ids is None else tuple(ids),
            )

        for first in queue:
            if (completion := journaled(first)) is None:
                break
            yield completion
        else:
            return
        ready: deque[Completion] = deque()

        def new() -> Iterator[Request]:
            yield first
            for request in queue:
                if (completion := journaled(request)) is None:
                    yield request
                else:
                    ready.append(completion)

        for completion in self._engine.generate(new()):
            self._journal.add(
                keys.pop(completion.request_id),
                {
                    "text": completion.text,
                    "tokens": completion.tokens,
                    "finish_reason": completion.finish_reason,
                    "token_ids": completion.token_ids,
                },
            )
            while ready:
                yield ready.popleft()
            yield completion
        yield from ready


def request_key(request: Request) -> str:
    """Returns the digest of a request, without its id."""
    content = [getattr(request, name) for name in _CONTENT]
    return digest("request", canonical_json(content))
