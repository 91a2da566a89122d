"""The site's own pages as a stranger gets them: asked through Django's handler, with every middleware and no network.

Nobody is signed in, no cookie is sent, and whatever a page would write is taken back.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings as django_settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, get_urlconf, set_urlconf
from django.utils import timezone, translation

from privacy.core.conf import settings

_REDIRECTS = 5
_LONGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: the absolute address it leads to, and its words (a picture's text counts)."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a stranger gets.

    Attributes:
        asked: the path that was asked for.
        path: where redirects within the site ended.
        status: of the last answer.
        elsewhere: the redirect led to another host.
        language: of the page, as its first tag says.
        text: the words of the page without its markup, one blank between them.
        links: in the page's order.
    """

    asked: str
    path: str
    status: int
    elsewhere: bool
    language: str
    text: str
    links: tuple[Link, ...]

    @property
    def sent_to_sign_in(self) -> bool:
        return self.path == login_path() != urlsplit(self.asked).path

    def says(self, words: str) -> bool:
        return " ".join(words.split()) in self.text

    def links_to(self, path: str) -> tuple[Link, ...]:
        """The links that lead to a path of this site, whatever their query says."""
        here = urlsplit(own_address())
        wanted = (here.netloc, path)
        return tuple(
            link for link in self.links if (parts := urlsplit(link.address)) and (parts.netloc, parts.path) == wanted
        )


def login_path() -> str:
    """The path of the page to sign in, or empty where LOGIN_URL names none of this site."""
    try:
        return urlsplit(resolve_url(django_settings.LOGIN_URL)).path
    except NoReverseMatch:
        return ""


def public_paths() -> tuple[str, ...]:
    """The pages that everybody must reach: those of the setting, and the one to sign in."""
    return tuple(dict.fromkeys(path for path in (*settings.public_pages, login_path()) if path))


def own_address() -> str:
    """Scheme and host that the site is asked under: SITE_URL, else the first host it answers to."""
    if settings.site_url:
        return settings.site_url
    host = next((one.lstrip(".") for one in django_settings.ALLOWED_HOSTS if one != "*"), "localhost")
    return f"https://{host}"


def get(path: str, *, language: str = "") -> Page:
    """GET a page as somebody who is not signed in.

    Args:
        path: with its query; ``"/privacy/?language=de"``.
        language: what the reader's browser prefers.
    """
    here, address = urlsplit(own_address()), urljoin(own_address(), path)
    handler = BaseHandler()
    handler.load_middleware()
    for _ in range(_REDIRECTS):
        with _as_it_was():
            response = handler.get_response(_request(address, language))
        target = response.headers.get("Location", "") if 300 <= response.status_code < 400 else ""
        if not target:
            break
        address = urljoin(address, target)
        if urlsplit(address).netloc != here.netloc:
            return Page(path, urlsplit(address).path, response.status_code, True, "", "", ())
    body = response.content[:_LONGEST] if isinstance(response, HttpResponse) else b""
    reader = _Reader(address)
    reader.feed(body.decode(response.charset or "utf-8", errors="replace"))
    reader.close()
    words = " ".join("".join(reader.words).split())
    ended = urlsplit(address).path
    return Page(path, ended, response.status_code, False, reader.language, words, tuple(reader.links()))


def _request(address: str, language: str) -> WSGIRequest:
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    return WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": parts.path or "/",
            "QUERY_STRING": parts.query,
            "SERVER_NAME": parts.hostname or "localhost",
            "SERVER_PORT": str(parts.port or (443 if secure else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": parts.netloc,
            "HTTP_ACCEPT": "text/html",
            "HTTP_USER_AGENT": "privacy self-check",
            **({"HTTP_ACCEPT_LANGUAGE": language} if language else {}),
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": parts.scheme,
        }
    )


@contextmanager
def _as_it_was() -> Iterator[None]:
    """What middleware leaves in the thread is put back, and what a view wrote is undone."""
    urls = get_urlconf()
    with (
        translation.override(translation.get_language()),
        timezone.override(timezone.get_current_timezone()),
        transaction.atomic(),
    ):
        try:
            # A browser that prefers nothing gets the site's own language, not that of who asks for the check.
            translation.activate(django_settings.LANGUAGE_CODE)
            yield
        finally:
            set_urlconf(urls)
            transaction.set_rollback(True)


class _Reader(HTMLParser):
    """The words and links of a page, without what the markup itself hides; what a style hides is seen here."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.words: list[str] = []
        self.open: list[tuple[str, list[str]]] = []
        self.found: list[tuple[str, list[str]]] = []
        self.unseen, self.depth = "", 0
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "html":
            self.language = named.get("lang") or ""
        if tag == self.unseen or (not self.unseen and tag not in _VOID and (tag in _UNSEEN or "hidden" in named)):
            self.unseen, self.depth = tag, self.depth + 1
        if self.unseen:
            return
        if tag == "a" and (href := named.get("href")):
            self.open.append((urljoin(self.base, href.strip()), []))
        if tag == "img" and self.open:
            self.open[-1][1].append(named.get("alt") or "")
        if tag not in _INLINE:
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.unseen:
            self.depth -= 1
            self.unseen = self.unseen if self.depth else ""
            return
        if self.unseen:
            return
        if tag == "a" and self.open:
            self.found.append(self.open.pop())
        if tag not in _INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if self.unseen:
            return
        self.words.append(data)
        for _, words in self.open:
            words.append(data)

    def links(self) -> Iterator[Link]:
        return (Link(address, " ".join("".join(words).split())) for address, words in self.found)


_UNSEEN = frozenset(("script", "style", "template"))
#: These have no end, and hide nothing but themselves.
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_INLINE = frozenset(("a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup", "time", "u"))
