"""An OpenAI-compatible server whose replies depend on the seed, with injected faults."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODELS = {"data": [{"id": "tiny", "max_model_len": 1024}]}
# Every transient fault of an attempt.
FAULTS = (
    "429", "429 retry-after", "500", "503", "503 retry-after", "hang", "trickle", "truncated",
    "empty", "dropped", "closed", "shape", "no choices", "aborted",
)  # fmt: skip


class FaultServer:
    """A server on a free port.

    Args:
        fault: Maps the seed of a request and the number of the attempt (from 0) to one of FAULTS, a
            complete reply (status and JSON), or None for a correct reply.
        models: The reply at /models.
        takes_s: Duration of a correct reply in seconds.
        text: Returns the text of a correct reply to a request.

    Attributes:
        url: The address of the server.
        requests: Path, body and time of every request, in the order of arrival.
        max_busy: The maximum number of concurrent requests.
    """

    def __init__(
        self,
        fault: Callable[[int, int], str | tuple[int, Any] | None] = lambda seed, attempt: None,
        models: Any = MODELS,
        takes_s: float = 0.0,
        text: Callable[[Any], str] = lambda body: f"answer {body['seed']}",
    ) -> None:
        self.fault, self.models, self.takes_s, self.text = fault, models, takes_s, text
        self.requests: list[tuple[str, Any, float]] = []
        self.keys: set[str | None] = set()
        self.attempts: Counter[int] = Counter()
        self.busy = self.max_busy = 0
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def __enter__(self) -> Self:
        outer = self

        class Handler(_Handler):
            server_state: FaultServer = outer

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()


def correct_reply(path: str, text: str) -> Any:
    """Returns the reply of a working server."""
    choice = {"finish_reason": "stop"}
    content = {"message": {"content": text}} if "chat" in path else {"text": text}
    return {"choices": [choice | content], "usage": {"completion_tokens": 3}}


class _Quiet(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # some tests close connections early


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
            state.requests.append((self.path, body, time.monotonic()))
            state.keys.add(self.headers["Authorization"])
            attempt = state.attempts[body["seed"]]
            state.attempts[body["seed"]] += 1
            state.busy += 1
            state.max_busy = max(state.max_busy, state.busy)
        try:
            fault = state.fault(body["seed"], attempt)
            reply = correct_reply(self.path, state.text(body))
            if fault is None:
                time.sleep(state.takes_s)
                self._reply(200, reply)
            elif isinstance(fault, tuple):
                self._reply(*fault)
            else:
                self._fail(fault, json.dumps(reply).encode())
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

    def _fail(self, fault: str, reply: bytes) -> None:
        """Injects a fault; one that is not a status may break the connection."""
        kind, _, after = fault.partition(" retry-after")
        if kind.isdecimal():
            more = {"Retry_After": after.strip() or "0"} if "retry-after" in fault else {}
            self._reply(int(kind), {"error": {"message": f"fault {kind}"}}, **more)
            return
        if fault in ("shape", "no choices", "aborted"):
            value = json.loads(reply)
            value["choices"] = [] if fault == "no choices" else value["choices"]
            if fault == "aborted":
                value["choices"][0]["finish_reason"] = "abort"
            self._reply(200, {"detail": [reply.decode()]} if fault == "shape" else value)
            return
        if fault == "truncated":
            self._send(200, reply[: len(reply) // 2], {})
            return
        if fault == "empty":
            self._send(200, b"", {})
            return
        self.close_connection = True
        if fault == "hang":
            self.server_state.stopped.wait(30)
        elif fault == "trickle":
            self._send(200, b"", {}, length=10_000)
            while not self.server_state.stopped.wait(0.05):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return
        elif fault == "dropped":
            self._send(200, reply[: len(reply) // 2], {}, length=len(reply))
        else:
            assert fault == "closed", fault
