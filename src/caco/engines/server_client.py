"""An OpenAI-compatible server: a question in JSON is tried until it is answered, or never will be.

httpx alone rather than the `openai` client: it is in the environment already, the client's own
retries know of one request and not of the others, and nearly all we send is beyond its types.
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx2

from caco.config.engines import ServerEngineConfig as Settings
from caco.engines.rate_limiter import RateLimiter
from caco.errors import ClusterError, UserError

T = TypeVar("T")

_FIRST_S = 1.0  # waited after a first failure; each further one doubles it
_LONGEST_S = 60.0
_OBEYED_S = 600.0  # the longest Retry-After that is waited out in one piece
_CONNECT_S = 30.0
_JITTER = random.Random()
# What vLLM, SGLang, llama.cpp and OpenAI say of a prompt that does not fit.
_TOO_LONG = re.compile(r"context[ _](length|size|window)|context_length_exceeded", re.IGNORECASE)


class OutOfTime(Exception):
    """A request took longer than `request_s`."""


class TooLong(Exception):
    """A prompt does not fit in the context of the server's model."""


class _Again(Exception):
    """A failure that another try may mend.

    Attributes:
        busy: The server says that there are too many requests.
        after_s: Seconds it wants to be left alone, where it says so.
    """

    def __init__(self, why: str, busy: bool = False, after_s: float | None = None) -> None:
        super().__init__(why)
        self.busy, self.after_s = busy, after_s


class Server:
    """One server and the pace at which it is asked."""

    def __init__(self, section: Settings) -> None:
        """Connects to nothing yet.

        Args:
            section: The engine's section: variables with address and key, and the limits.

        Raises:
            UserError: The environment holds no address.
        """
        self.url = os.environ.get(section.url_env, "").rstrip("/")
        if not re.match(r"https?://[^/\s]+", self.url):
            raise UserError(
                f"the environment variable {section.url_env} is {self.url!r}; set it to the "
                "server's address, as in http://node:8000/v1 (key `url_env` of the engine names it)"
            )
        key = os.environ.get(section.key_env)
        self._section = section
        self._pace = RateLimiter(section.concurrency)
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(None, connect=_CONNECT_S),  # asyncio bounds the whole attempt
            limits=httpx2.Limits(
                max_connections=section.concurrency, max_keepalive_connections=section.concurrency
            ),
        )

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def ask(
        self, path: str, read: Callable[[Any], T], body: dict[str, Any] | None = None
    ) -> T:
        """Returns what `read` makes of the server's reply.

        Args:
            path: Below the server's address.
            read: Takes the reply's JSON; KeyError, IndexError, TypeError, ValueError and
                AttributeError mean that it is not what was asked for, which is tried again.
            body: Posted as JSON; None gets the path.

        Raises:
            OutOfTime: The request took longer than `request_s`.
            TooLong: The prompt does not fit in the model's context.
            UserError: The server refuses the request, and would again.
            ClusterError: `attempts` failures, none of which is the request's fault.
        """
        tries = failures = 0
        while True:
            served = self._pace.served
            async with self._pace.turn() as began:
                try:
                    answer = await self._try(path, read, body)
                except _Again as failure:
                    last = failure
                    tries += 1
                    wait_s = last.after_s if last.after_s is not None else _backoff_s(tries)
                    if last.busy:
                        self._pace.slow(began, wait_s)
                else:
                    self._pace.answered()
                    return answer
            # To be refused while others are served is the server's pace and no failure.
            failures += not (last.busy and self._pace.served > served)
            if failures == self._section.attempts:
                raise ClusterError(
                    f"{self.url}: no answer in {failures} attempts, the last time {last}; see that "
                    "the server runs and can be reached from this node, then run again: finished "
                    "rows are kept"
                )
            await asyncio.sleep(wait_s)

    async def _try(self, path: str, read: Callable[[Any], T], body: dict[str, Any] | None) -> T:
        """Asks once."""
        limit_s = min(self._section.attempt_s, self._section.request_s or float("inf"))
        try:
            async with asyncio.timeout(limit_s):
                reply = await self._client.request(
                    "GET" if body is None else "POST",
                    self.url + path,
                    content=None if body is None else json.dumps(body).encode(),
                    headers={"Content-Type": "application/json"},
                )
        except TimeoutError:
            if limit_s == self._section.request_s:
                raise OutOfTime from None
            raise _Again(f"no whole reply within {limit_s:g} s") from None
        except httpx2.HTTPError as e:
            raise _Again(f"{type(e).__name__}: {e}" if str(e) else type(e).__name__) from None
        if reply.status_code != 200:
            raise self._refusal(reply, path)
        try:
            return read(reply.json())
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise _Again(f"a reply of no use: {_short(reply.text)!r}") from None

    def _refusal(self, reply: Any, path: str) -> Exception:
        """Returns what a status other than 200 is raised as."""
        status, after_s = reply.status_code, _retry_after_s(reply.headers.get("retry-after"))
        said = f"{status}: {_short(_message(reply))}"
        if status == 429 or (status == 503 and after_s is not None):
            return _Again(said, busy=True, after_s=after_s)
        if status >= 500 or status in (408, 425):
            return _Again(said)
        if status in (401, 403):
            return UserError(
                f"{self.url}: the server refuses the key ({said}); set the environment variable "
                f"{self._section.key_env} to one that it takes"
            )
        if status == 404:
            return UserError(
                f"{self.url}{path}: the server has no such address or model ({said}); "
                f"{self._section.url_env} must hold its address up to `/v1`, and `name` of a "
                f"served model one of the names at {self.url}/models"
            )
        if _TOO_LONG.search(said):
            return TooLong()
        return UserError(
            f"{self.url}{path}: the server refuses the request ({said}); correct what it names: "
            "the model's name, or a key of the sampling that it does not take"
        )


def _backoff_s(tries: int) -> float:
    """Returns the seconds to wait: doubled each time, with jitter so that requests part ways."""
    longest = min(_LONGEST_S, _FIRST_S * 2.0 ** min(tries - 1, 20))
    return longest * _JITTER.uniform(0.5, 1.0)


def _retry_after_s(header: str | None) -> float | None:
    """Returns the seconds that a Retry-After header asks for: a number, or a date."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), _OBEYED_S)


def _message(reply: Any) -> str:
    """Returns what the server says of a failure, wherever it puts it."""
    try:
        said = reply.json()
        said = said.get("error", said)
        return str(said.get("message") or said.get("detail") or said)
    except (ValueError, AttributeError):
        return str(reply.text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:197]}..."
