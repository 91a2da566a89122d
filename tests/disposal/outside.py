"""A place outside the database: a small server in this process that can be well, slow, broken, lying or silent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from privacy.datamap.declarations import ExternalStore
from privacy.datamap.registry import registry


class Place:
    """What the server holds, and how it behaves.

    Attributes:
        mood: ``well``, ``refuses`` (500), ``hangs``, ``lies`` (says it erased, and keeps it) or ``silent``.
        records: how many records each key has there.
        asked: how many people each request was about, by its path.
    """

    def __init__(self) -> None:
        self.mood = "well"
        self.records: dict[str, int] = {}
        self.asked: dict[str, list[int]] = {"/erase": [], "/left": []}
        self.let_go = Event()
        self.address = ""

    def answer(self, path: str, keys: Sequence[str]) -> tuple[int, dict[str, Any]]:
        self.asked[path].append(len(keys))
        if self.mood == "hangs":
            self.let_go.wait(60)
        if self.mood == "refuses":
            return 500, {}
        if path == "/erase":
            if self.mood != "lies":
                for key in keys:
                    self.records.pop(key, None)
            return 200, {"erased": True}
        if self.mood == "silent":
            return 200, {}
        return 200, {"left": sum(self.records.get(key, 0) for key in keys)}


@contextmanager
def place(name: str = "mailer", *, timeout: float = 5.0) -> Iterator[Place]:
    """A server and its declaration, both gone behind the block (the declaration by conftest)."""
    state = Place()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = state.answer(self.path, keys)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    declare(name, state, timeout)
    try:
        yield state
    finally:
        state.let_go.set()
        server.shutdown()
        server.server_close()


def declare(name: str, state: Place, timeout: float = 5.0) -> type[ExternalStore]:
    """Declare the place as a site would: through its web interface."""

    def ask(path: str, keys: Sequence[str]) -> Any:
        request = Request(f"{state.address}{path}", json.dumps(list(keys)).encode())
        try:
            with urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            error.close()
            raise

    class Mailer(ExternalStore):
        category = "newsletter"
        purpose = "promotion"

        def erase(self, keys: Sequence[str]) -> None:
            ask("/erase", keys)

        def verify(self, keys: Sequence[str]) -> int:
            return ask("/left", keys).get("left")  # type: ignore[no-any-return]

    store = type("Mailer", (Mailer,), {"name": name, "timeout": timeout})
    registry.add_store(store)
    return store


def withdraw(name: str) -> None:
    """The site takes the declaration back."""
    registry._stores.pop(name)
    registry.changed()


def answers(counter: Any) -> Counter[str]:
    """How many receipts say what."""
    return Counter(counter.values_list("answer", flat=True))
