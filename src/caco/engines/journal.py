"""Journals: a completion is kept from the moment it is finished, so a killed shard loses none.

A journal lies outside of what Snakemake knows, which deletes the outputs of a failed job. Its
lines (`caco.engines.journal_lines`) hold first what the completions depend on, then one completion
each. A process killed at any byte leaves at most one torn line, which is dropped and made again.
"""

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

from caco.basis import digests, require_same
from caco.engines.journal_lines import ROW, from_line, to_line
from caco.engines.protocol import Completion, Engine, Request
from caco.errors import ClusterError
from caco.files import no_room, wait_for_lock
from caco.identity import canonical_json, digest

_ASKED = [field.name for field in fields(Request) if field.name != "request_id"]


class Journal:
    """The completions of one job that are finished, by what was asked."""

    def __init__(self, path: Path, basis: dict[str, str]) -> None:
        """Names a journal; it is opened by entering it.

        Args:
            path: Where it lies.
            basis: What all its completions depend on, by name: the settings, the model, the code.
        """
        self._path = path
        self._basis = digests(basis)
        self._where: dict[str, tuple[int, int]] = {}  # offset and length of each completion's line
        self._rows = 0

    def __enter__(self) -> Self:
        """Opens the journal, and reads what an earlier process has finished.

        Raises:
            UserError: It was begun on another basis.
            ClusterError: Another process has it open, or it cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            wait_for_lock(self._file, f"{self._path}: another process writes this shard")
            self._read()
        except BaseException:
            os.close(self._file)
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        """Closes the journal; it stays for whoever goes on."""
        os.close(self._file)

    def __len__(self) -> int:
        """Returns how many completions it holds."""
        return len(self._where)

    def get(self, key: str, request_id: str) -> Completion | None:
        """Returns the completion of a request that was finished before, under its name of now.

        Args:
            key: As `request_key` gives it.
            request_id: The request's.
        """
        where = self._where.get(key)
        if where is None:
            return None
        offset, length = where
        kept = from_line(os.pread(self._file, length, offset))
        assert kept is not None
        return Completion(request_id, kept["text"], kept["tokens"], kept["finish_reason"])

    def add(self, key: str, completion: Completion) -> None:
        """Keeps a completion.

        Args:
            key: As `request_key` gives it.
            completion: The completion.

        Raises:
            ClusterError: The disk does not take it.
        """
        kept = {
            ROW: self._rows + 1,
            "key": key,
            "text": completion.text,
            "tokens": completion.tokens,
            "finish_reason": completion.finish_reason,
        }
        self._where[key] = self._append(kept)
        self._rows += 1

    def _read(self) -> None:
        at, first, self._rows = 0, True, 0
        with os.fdopen(os.dup(self._file), "rb") as lines:
            lines.seek(0)
            for line in lines:
                found = from_line(line)
                if found is None:
                    break  # torn: nothing after it is whole either
                if first:
                    mend = "to keep the rows that are in it, or delete the file to make them anew"
                    require_same(self._path, found, self._basis, mend)
                else:
                    self._where[found["key"]] = (at, len(line))
                    self._rows += 1
                first, at = False, at + len(line)
        os.ftruncate(self._file, at)
        if first:
            self._append(self._basis)

    def _append(self, value: dict[str, Any]) -> tuple[int, int]:
        """Writes one line; returns its offset and length."""
        line = to_line(value)
        offset = os.lseek(self._file, 0, os.SEEK_END)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as e:
            raise no_room(e, self._path) or ClusterError(
                f"{self._path}: cannot be written ({e.strerror}); mend that and run again: what is "
                "in it is kept"
            ) from None
        return offset, len(line)


class Journaled:
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
            completion = self._journal.get(key, request.request_id)
            if completion is None:
                asked[request.request_id] = key
            return completion

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
            self._journal.add(asked.pop(completion.request_id), completion)
            while kept:
                yield kept.popleft()
            yield completion
        yield from kept


def request_key(request: Request) -> str:
    """Returns the digest of what was asked; the request's name is no part of that."""
    content = [getattr(request, name) for name in _ASKED]
    return digest("request", canonical_json(content))
