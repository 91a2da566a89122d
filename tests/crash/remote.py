"""A storage behind a server that a test makes slow, silent or broken, and the storage class that asks it.

The class has no patience of its own, as many have not: it waits for as long as it takes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.core.files.storage import Storage


class RemoteStorage(Storage):
    """Files that another machine keeps; only what a night needs."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    def delete(self, name: str) -> None:
        self._ask("DELETE", name)

    def exists(self, name: str) -> bool:
        return self._ask("HEAD", name)[0] == 200

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folders, files = json.loads(self._ask("GET", path)[1])
        return folders, files

    def size(self, name: str) -> int:
        return int(json.loads(self._ask("GET", name)[1])["size"])

    def get_modified_time(self, name: str) -> datetime:
        return datetime.fromtimestamp(json.loads(self._ask("GET", name)[1])["modified"], UTC)

    def _ask(self, method: str, name: str) -> tuple[int, bytes]:
        connection = HTTPConnection(str(self._url.hostname), self._url.port)
        try:
            connection.request(method, f"{self._url.path}/{quote(name)}")
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status >= 500:
            raise ConnectionError(f"{name} could not be reached")
        return answer.status, body


class Server:
    """Keeps the files of ``folder``. ``mood`` is ``well``, ``slow``, ``silent`` or ``broken``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mood, self.asked = folder, "well", 0
        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _path(self) -> Path | None:
                server.asked += 1
                if server.mood == "silent":
                    server.over.wait()
                    return None
                if server.mood == "slow":
                    time.sleep(0.05)
                if server.mood == "broken":
                    self._say(503)
                    return None
                return server.folder / unquote(self.path).strip("/")

            def _say(self, status: int, body: Any = None) -> None:
                data = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def do_GET(self) -> None:
                path = self._path()
                if path is None:
                    return
                if path.is_dir():
                    inside = sorted(path.iterdir())
                    self._say(200, [[p.name for p in inside if p.is_dir()], [p.name for p in inside if p.is_file()]])
                elif path.is_file():
                    self._say(200, {"size": path.stat().st_size, "modified": path.stat().st_mtime})
                else:
                    self._say(404)

            def do_HEAD(self) -> None:
                path = self._path()
                if path is not None:
                    self._say(200 if path.exists() else 404)

            def do_DELETE(self) -> None:
                path = self._path()
                if path is not None:
                    path.unlink(missing_ok=True)
                    self._say(204)

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        return Handler


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    with Server(folder) as server:
        yield server
