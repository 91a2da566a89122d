"""The public pages: what is in force, what was, what changed. Nobody has to sign in."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.policies.about import about
from privacy.policies.models import PolicyVersion
from privacy.policies.services import withdraw
from privacy.promises.facts import Facts
from tests.policies.conftest import GOOD


def unpacked(pdf: bytes) -> bytes:
    """The file with its packed streams beside it, where its structure stands."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return pdf + b"".join(_inflated(stream) for stream in streams)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def two(published: Callable[..., PolicyVersion], now: datetime) -> tuple[PolicyVersion, PolicyVersion]:
    later = GOOD.replace("as little", "nothing") + "\nAnd <script>alert(1)</script> more.\n"
    return published(), published(later, at=now + timedelta(days=1))


def test_the_policy_in_force_is_there_for_everybody_with_its_date(two: Any) -> None:
    response = Client().get("/privacy/")
    words = text_of(response)
    assert response.status_code == 200
    assert "Test Site aims to keep nothing about you" in words
    assert "Last update March 17, 2026" in words
    assert "Version 2, published March 17, 2026" in words
    assert two[1].digest in words
    assert b"<script>" not in response.content


def test_nothing_published_is_said_plainly(profile: Any) -> None:
    response = Client().get("/privacy/")
    assert response.status_code == 404
    assert "privacy@example.org" in text_of(response)


def test_whoever_finds_nothing_published_can_follow_every_contact() -> None:
    contacts = {"email": "privacy@example.org", "form": "https://example.org/contact?about=legal"}
    page = render_to_string("privacy/policies/none.html", {"about": about(Facts(contacts=contacts))})
    assert 'href="mailto:privacy@example.org"' in page
    assert 'href="https://example.org/contact?about=legal"' in page


def test_an_old_version_stays_readable_and_says_that_another_is_in_force(two: Any) -> None:
    words = text_of(Client().get("/privacy/documents/privacy/en/1/"))
    assert "keep as little about you" in words
    assert "This is not the version in force" in words


def test_a_withdrawn_version_says_so_everywhere(two: Any, now: datetime, actor: Actor) -> None:
    withdraw(version=two[1], reason="The wrong file.", now=now, actor=actor)
    assert "Version 1" in text_of(Client().get("/privacy/"))
    for address in ("/privacy/documents/privacy/en/2/", "/privacy/documents/privacy/versions/"):
        assert "The wrong file." in text_of(Client().get(address))


def test_a_comparison_shows_what_came_and_what_went(two: Any) -> None:
    response = Client().get("/privacy/documents/privacy/en/compare/")
    html = response.content.decode()
    assert re.search(r"<del>.*?as little</del>", html)
    assert re.search(r"<ins>.*?nothing</ins>", html)
    assert "&lt;script&gt;" in html
    assert response.content == Client().get("/privacy/documents/privacy/en/compare/?before=2&after=1").content
    assert "The words are the same" in text_of(Client().get("/privacy/documents/privacy/en/compare/?before=1&after=1"))


def test_the_text_is_given_out_byte_for_byte(two: Any) -> None:
    response = Client().get("/privacy/documents/privacy/en/2.txt")
    assert response.content == two[1].text.encode()
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_the_pdf_is_tagged_and_the_same_each_time(two: Any) -> None:
    first, again = (Client().get("/privacy/documents/privacy/en/2.pdf") for _ in range(2))
    assert first["Content-Type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang (en)", b"pdfuaid"):
        assert mark in unpacked(first.content), mark
    assert first.content == again.content


@pytest.mark.parametrize("address", ["/privacy/", "/privacy/documents/privacy/versions/"])
def test_where_no_pdf_can_be_made_none_is_offered(address: str, two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2.pdf" in Client().get(address).content.decode()
    monkeypatch.setattr("privacy.core.pdf.find_spec", lambda name: None)
    assert ".pdf" not in Client().get(address).content.decode()


def test_a_reader_chooses_among_the_languages_that_there_are(published: Callable[..., PolicyVersion]) -> None:
    published()
    published("# Datenschutz\n\nWir halten wenig. privacy@example.org\n", language="de")
    page = Client().get("/privacy/").content.decode()
    assert 'href="/privacy/?language=de"' in page
    german = Client().get("/privacy/?language=de").content.decode()
    assert "Wir halten wenig" in german
    assert 'lang="de"' in german
    assert Client().get("/privacy/?language=%00").status_code == 200


def test_other_documents_have_pages_of_their_own(published: Callable[..., PolicyVersion]) -> None:
    published()
    published("# Terms\n\nBe kind.\n", document="terms")
    assert "Be kind" in text_of(Client().get("/privacy/documents/terms/"))
    assert Client().get("/privacy/documents/privacy/").status_code == 302
    assert 'href="/privacy/documents/terms/"' in Client().get("/privacy/").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "documents/terms/",
        "documents/terms/versions/",
        "documents/privacy/en/9/",
        "documents/privacy/en/9.pdf",
        "documents/privacy/en/9.txt",
        "documents/privacy/fr/compare/",
        "documents/privacy/en/compare/?before=9",
        "documents/privacy/en/compare/?before=x",
        "documents/privacy/en/99999999999999999999/",
    ],
)
def test_what_is_not_there_is_not_found(two: Any, address: str) -> None:
    assert Client().get(f"/privacy/{address}").status_code == 404


@pytest.mark.parametrize("number", [2, 9])
def test_a_page_takes_as_many_queries_for_any_number_of_versions(
    published: Callable[..., PolicyVersion], number: int
) -> None:
    for _ in range(number):
        published()
    for address in ("/privacy/", "/privacy/documents/privacy/versions/", "/privacy/documents/privacy/en/compare/"):
        with CaptureQueriesContext(connection) as queries:
            Client().get(address)
        assert len(queries) <= 6, (address, len(queries))
