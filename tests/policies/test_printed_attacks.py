"""A text that is printed loads nothing from anywhere, and its PDF runs nothing."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from privacy.core.pdf import pdf_installed, pdf_of
from privacy.policies.rendering import Format, rendered
from tests.policies.attacks import ATTACKS, EVIL

#: What a reader of PDFs carries out, or carries along (ISO 32000-1, 12.6.4).
ACTIVE = re.compile(
    rb"/(JavaScript|JS|Launch|SubmitForm|ImportData|GoToR|GoToE|EmbeddedFiles?|RichMedia|OpenAction|AA|Rendition)\b"
)


class Trap(BaseHTTPRequestHandler):
    """Answers whoever comes, and remembers what was asked."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """A real server of somebody else's: its address, and what it was asked."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneTrap", (Trap,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def whole(pdf: bytes) -> bytes:
    """The file with its compressed streams opened."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def _printed(body: str) -> bytes:
    return whole(pdf_of(f'<html lang="en"><head><title>x</title></head><body>{body}</body></html>'))


@pytest.mark.skipif(not pdf_installed(), reason="WeasyPrint is not installed")
@pytest.mark.parametrize("form", list(Format))
def test_no_attack_is_loaded_or_run_when_it_is_printed(trap: tuple[str, list[str]], form: Format) -> None:
    address, asked = trap
    texts = [rendered(attack.replace(EVIL, address), form).html for attack in ATTACKS]
    pdf = _printed("<hr>".join(texts))
    assert asked == []
    assert not ACTIVE.search(pdf)
    targets = re.findall(rb"/URI \((.*?)\)", pdf)
    assert all(re.match(rb"(https?|mailto|tel):", target) for target in targets), targets


@pytest.mark.skipif(not pdf_installed(), reason="WeasyPrint is not installed")
def test_the_printer_itself_reaches_for_nothing_even_where_a_page_asks_for_it(trap: tuple[str, list[str]]) -> None:
    """Should the sanitiser ever let something through: what fetches is shut as well."""
    address, asked = trap
    _printed(
        f'<img src="{address}/a.png"><p style="background:url({address}/b.png)">x</p><img src="file:///etc/hostname">'
        f'<style>@import "{address}/c.css"; @font-face {{ font-family: x; src: url({address}/f.woff) }}</style>'
        f'<link rel="attachment" href="{address}/d">'
    )
    assert asked == []
