"""An OpenAI-compatible server that answers by the request's seed, and fails as it is told."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODELS = {"data": [{"id": "tiny", "max_model_len": 1024}]}
# Every way in which a try can fail that another may mend.
FAULTS = (
    "429", "429 retry-after", "500", "503", "503 retry-after", "hang", "trickle", "truncated",
    "empty", "dropped", "closed", "shape", "no choices", "aborted",
)  # fmt: skip


class FaultServer:
    """A server on a free port.

    Args:
        takes_s: Seconds for a right answer.
        slots: Right answers under way at a time: who comes when all are taken gets a 429.
        models: What it says at /models.
        fault: Given a request's seed and which try of it this is (from 0), names one of FAULTS, a
            whole reply (status and JSON), or None for the right answer.

    Attributes:
        url: Its address.
        asked: Path, body and moment of every request, in the order of their arrival.
        most: The most requests that it answered side by side.
    """

    def __init__(
        self,
        fault: Callable[[int, int], str | tuple[int, Any] | None] = lambda seed, attempt: None,
        models: Any = MODELS,
        takes_s: float = 0.0,
        slots: int = 1_000,
    ) -> None:
        self.fault, self.models, self.takes_s = fault, models, takes_s
        self.asked: list[tuple[str, Any, float]] = []
        self.keys: set[str | None] = set()
        self.tries: Counter[int] = Counter()
        self.busy = self.most = 0
        self.slots = threading.Semaphore(slots)
        self.lock = threading.Lock()
        self.ended = threading.Event()

    def __enter__(self) -> Self:
        outer = self

        class Handler(_Handler):
            server_state = outer

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


def right(path: str, body: Any) -> Any:
    """The reply that a working server gives."""
    text = f"answer {body['seed']}"
    choice = {"finish_reason": "stop"}
    said = {"message": {"content": text}} if "chat" in path else {"text": text}
    return {"choices": [choice | said], "usage": {"completion_tokens": 3}}


class _Quiet(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that give up are what some tests are about


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: FaultServer

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._reply(200, self.server_state.models)

    def do_POST(self) -> None:
        state = self.server_state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            state.asked.append((self.path, body, time.monotonic()))
            state.keys.add(self.headers["Authorization"])
            attempt = state.tries[body["seed"]]
            state.tries[body["seed"]] += 1
            state.busy += 1
            state.most = max(state.most, state.busy)
        try:
            fault = state.fault(body["seed"], attempt)
            if fault is None and state.slots.acquire(blocking=False):
                time.sleep(state.takes_s)
                state.slots.release()
                self._reply(200, right(self.path, body))
            elif fault is None:
                self._fail("429", b"")
            elif isinstance(fault, tuple):
                self._reply(*fault)
            else:
                self._fail(fault, json.dumps(right(self.path, body)).encode())
        finally:
            with state.lock:
                state.busy -= 1

    def _reply(self, status: int, value: Any, **headers: str) -> None:
        self._send(status, json.dumps(value).encode(), headers)

    def _send(self, status: int, raw: bytes, headers: dict[str, str], length: int = -1) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw) if length < 0 else length))
        self.end_headers()
        self.wfile.write(raw)

    def _fail(self, fault: str, whole: bytes) -> None:
        """Fails as `fault` says; a fault that is no status breaks off the connection."""
        kind, _, after = fault.partition(" retry-after")
        if kind.isdecimal():
            more = {"Retry_After": after.strip() or "0"} if "retry-after" in fault else {}
            self._reply(int(kind), {"error": {"message": f"fault {kind}"}}, **more)
            return
        if fault in ("shape", "no choices", "aborted"):
            value = json.loads(whole)
            value["choices"] = [] if fault == "no choices" else value["choices"]
            if fault == "aborted":
                value["choices"][0]["finish_reason"] = "abort"
            self._reply(200, {"detail": [whole.decode()]} if fault == "shape" else value)
            return
        if fault == "truncated":
            self._send(200, whole[: len(whole) // 2], {})
            return
        if fault == "empty":
            self._send(200, b"", {})
            return
        self.close_connection = True
        if fault == "hang":
            self.server_state.ended.wait(30)
        elif fault == "trickle":
            self._send(200, b"", {}, length=10_000)
            while not self.server_state.ended.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return
        elif fault == "dropped":
            self._send(200, whole[: len(whole) // 2], {}, length=len(whole))
        else:
            assert fault == "closed", fault
