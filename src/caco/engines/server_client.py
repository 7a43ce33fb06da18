"""The HTTP client of an OpenAI-compatible server, with retries and a rate limiter.

It uses httpx instead of the `openai` client: httpx is in the environment already, the retries of
the `openai` client do not coordinate requests, and its types lack most parameters that are sent.
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

_FIRST_WAIT_S = 1.0  # after the first failure; doubled after each further failure
_MAX_WAIT_S = 60.0
_MAX_RETRY_AFTER_S = 600.0  # a longer Retry-After is truncated
_CONNECT_S = 30.0
_JITTER = random.Random()
# Messages of vLLM, SGLang, llama.cpp and OpenAI for a prompt that does not fit in the context.
_TOO_LONG = re.compile(r"context[ _](length|size|window)|context_length_exceeded", re.IGNORECASE)


class RequestTimeout(Exception):
    """A request took longer than `request_s`."""


class PromptTooLong(Exception):
    """A prompt does not fit in the context of the model."""


class _RetryableError(Exception):
    """A failure after which the request is tried again.

    Attributes:
        busy: Whether the server reports too many requests.
        retry_after_s: The Retry-After of the reply in seconds, if it has one.
    """

    def __init__(
        self, message: str, busy: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.busy, self.retry_after_s = busy, retry_after_s


class Server:
    """One server, with a rate limiter for all requests to it."""

    def __init__(self, section: Settings) -> None:
        """Prepares the client; it connects with the first request.

        Args:
            section: The config section of the engine: variables with address and key, and limits.

        Raises:
            UserError: The address in the environment is missing or invalid.
        """
        self.url = os.environ.get(section.url_env, "").rstrip("/")
        if not re.match(r"https?://[^/\s]+", self.url):
            raise UserError(
                f"the environment variable {section.url_env} is {self.url!r}; set it to the "
                "server's address, e.g. http://node:8000/v1 (`engine.url_env` names the variable)"
            )
        key = os.environ.get(section.key_env)
        self._section = section
        self._rate_limiter = RateLimiter(section.concurrency)
        self._client = httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx2.Timeout(None, connect=_CONNECT_S),  # asyncio limits the whole attempt
            limits=httpx2.Limits(
                max_connections=section.concurrency, max_keepalive_connections=section.concurrency
            ),
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def call(
        self, path: str, read: Callable[[Any], T], body: dict[str, Any] | None = None
    ) -> T:
        """Returns the reply of the server, converted by `read`; retries after transient failures.

        Args:
            path: The path below the server's address.
            read: Converts the JSON of the reply. KeyError, IndexError, TypeError, ValueError and
                AttributeError mean that the reply is malformed, upon which the request is retried.
            body: The JSON to POST; None sends a GET.

        Raises:
            RequestTimeout: The request took longer than `request_s`.
            PromptTooLong: The prompt does not fit in the context of the model.
            UserError: The server rejects the request permanently.
            ClusterError: The request failed `attempts` times.
        """
        attempts = failures = 0
        while True:
            succeeded = self._rate_limiter.succeeded
            async with self._rate_limiter.slot() as started:
                try:
                    reply = await self._attempt(path, read, body)
                except _RetryableError as failure:
                    last = failure
                    attempts += 1
                    wait_s = last.retry_after_s
                    if wait_s is None:
                        wait_s = _backoff_s(attempts)
                    if last.busy:
                        self._rate_limiter.back_off(started, wait_s)
                else:
                    self._rate_limiter.record_success()
                    return reply
            # A refusal while other requests succeed is rate limiting, not a failure.
            failures += not (last.busy and self._rate_limiter.succeeded > succeeded)
            if failures == self._section.attempts:
                raise ClusterError(
                    f"{self.url}: no reply after {failures} attempts, the last error is {last}; "
                    "check that the server runs and can be reached from this node, then run again: "
                    "finished rows are saved"
                )
            await asyncio.sleep(wait_s)

    async def _attempt(self, path: str, read: Callable[[Any], T], body: dict[str, Any] | None) -> T:
        """Sends the request once."""
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
                raise RequestTimeout from None
            raise _RetryableError(f"no complete reply within {limit_s:g} s") from None
        except httpx2.HTTPError as e:
            raise _RetryableError(
                f"{type(e).__name__}: {e}" if str(e) else type(e).__name__
            ) from None
        if reply.status_code != 200:
            raise self._status_error(reply, path)
        try:
            return read(reply.json())
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise _RetryableError(f"malformed reply {_short(reply.text)!r}") from None

    def _status_error(self, reply: Any, path: str) -> Exception:
        """Returns the exception for a reply with a status other than 200."""
        status, retry_after_s = reply.status_code, _retry_after_s(reply.headers.get("retry-after"))
        message = f"{status}: {_short(_message(reply))}"
        if status == 429 or (status == 503 and retry_after_s is not None):
            return _RetryableError(message, busy=True, retry_after_s=retry_after_s)
        if status >= 500 or status in (408, 425):
            return _RetryableError(message)
        if status in (401, 403):
            return UserError(
                f"{self.url}: the server rejects the API key ({message}); set the environment "
                f"variable {self._section.key_env} to a valid key"
            )
        if status == 404:
            return UserError(
                f"{self.url}{path}: the server has no such path or model ({message}); "
                f"{self._section.url_env} must hold its address up to `/v1`, and `name` of the "
                f"served model must be one of the names at {self.url}/models"
            )
        if _TOO_LONG.search(message):
            return PromptTooLong()
        return UserError(
            f"{self.url}{path}: the server rejects the request ({message}); correct the parameter "
            "that it names: the name of the model, a key of `sampling`, or "
            "`engine.disable_thinking` for `chat_template_kwargs`"
        )


def _backoff_s(attempts: int) -> float:
    """Returns the seconds to wait: exponential backoff with jitter."""
    longest = min(_MAX_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20))
    return longest * _JITTER.uniform(0.5, 1.0)


def _retry_after_s(header: str | None) -> float | None:
    """Returns the seconds in a Retry-After header, which is a number or a date."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _message(reply: Any) -> str:
    """Returns the error message in a reply, whose place depends on the server."""
    try:
        error = reply.json()
        error = error.get("error", error)
        return str(error.get("message") or error.get("detail") or error)
    except (ValueError, AttributeError):
        return str(reply.text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:197]}..."
