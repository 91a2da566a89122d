"""Receipts: valid by their schemas, the same facts in every form, and a page that a screen reader can read."""

from __future__ import annotations

import re
import zlib
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client
from django.urls import reverse

from privacy.consent import receipts
from privacy.consent.models import Choice, ConsentRecord
from privacy.consent.people import Person
from privacy.consent.services import expire_grants, withdraw
from privacy.core import pdf
from privacy.core.actors import Actor
from privacy.promises.services import load_profile
from tests.consent.conftest import answer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PROFILES = sorted((Path(__file__).resolve().parents[2] / "project" / "profiles").glob("*.toml"))


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def check(form: str, said: dict[str, Any]) -> None:
    schema = receipts.schema(form)
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    validator(schema, format_checker=validator.FORMAT_CHECKER).validate(said)


def receipt(record: ConsentRecord) -> receipts.Receipt:
    return receipts.receipt_of(record.context)


def test_receipts_validate_against_their_schemas(member: Person, stranger: Person, now: datetime, actor: Actor) -> None:
    for person in (member, stranger):
        check("kantara", receipts.kantara(receipt(answer(person, now, language="de"))))
        answer(person, now + DAY, Choice.REFUSED)
    answer(member, now + 2 * DAY, purpose="interviews", surface="phone")
    answer(stranger, now + 2 * DAY)
    withdraw(person=stranger, purpose="newsletter", surface="unsubscribe", now=now + 3 * DAY, actor=actor)
    expire_grants(now=now + 800 * DAY, actor=actor)
    decisions = set()
    for record in ConsentRecord.objects.all():
        check("iso27560", receipts.iso27560(receipt(record)))
        decisions.add(record.decision)
        if record.decision == "given":
            check("kantara", receipts.kantara(receipt(record)))
    assert decisions == {"given", "withdrawn", "expired"}


def test_the_schemas_refuse_a_receipt_that_lacks_a_mandatory_field(member: Person, now: datetime) -> None:
    made = receipt(answer(member, now))
    for form, said in (("kantara", receipts.kantara(made)), ("iso27560", receipts.iso27560(made))):
        for field in receipts.schema(form)["required"]:
            with pytest.raises(jsonschema.ValidationError):
                check(form, {key: value for key, value in said.items() if key != field})
    short = deepcopy(receipts.iso27560(made))
    del short["pii_processing"]["purposes"][0]["withdrawal_method"]
    with pytest.raises(jsonschema.ValidationError):
        check("iso27560", short)


def test_a_receipt_holds_the_exact_words_and_nothing_that_names_the_person(
    member: Person, stranger: Person, now: datetime
) -> None:
    for person in (member, stranger):
        made = receipt(answer(person, now))
        words = "Send me  news,\r\nby mail…"
        assert receipts.kantara(made)["services"][0]["purposes"][0]["purpose"] == words
        assert receipts.iso27560(made)["pii_processing"]["purposes"][0]["consent_text"] == words
        said = f"{receipts.kantara(made)} {receipts.iso27560(made)}".lower()
        assert "marian" not in said
        assert "robin" not in said
        assert "192.0.2" not in said


def test_no_kantara_receipt_is_made_of_a_no(member: Person, now: datetime) -> None:
    with pytest.raises(receipts.NoReceipt):
        receipts.kantara(receipt(answer(member, now, Choice.REFUSED)))


@pytest.mark.parametrize("profile_file", PROFILES, ids=lambda path: path.stem)
def test_every_sites_profile_gives_valid_receipts(profile_file: Path, db: None, now: datetime, actor: Actor) -> None:
    from privacy.consent.models import Purpose, Wording

    load_profile(path=profile_file, now=now, actor=actor)
    for purpose in Purpose.objects.asking():
        words = Wording.objects.of(purpose.code).newest_first()[0]
        made = receipt(answer(Person(user_key="1"), now, purpose=purpose.code, wording=words, language=words.language))
        check("kantara", receipts.kantara(made))
        check("iso27560", receipts.iso27560(made))


def test_the_pdf_is_tagged_repeatable_and_says_its_language(
    user: Any, member: Person, client: Client, now: datetime
) -> None:
    record = answer(member, now, language="de")
    client.force_login(user)
    address = reverse("privacy:consent_receipt_pdf", args=[record.reference])
    first, second = client.get(address), client.get(address)
    assert first["Content-Type"] == "application/pdf"
    assert first.content == second.content
    streams = re.findall(rb"stream\n(.*?)\nendstream", first.content, re.DOTALL)
    inside = first.content + b"".join(_inflated(stream) for stream in streams)
    for mark in (b"%PDF-", b"/MarkInfo", b"/Marked true", b"/StructTreeRoot", b"/Lang (de)", b"pdfuaid"):
        assert mark in inside, mark


def test_a_machine_without_the_library_says_so(
    user: Any, member: Person, client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    pdf._weasyprint.cache_clear()
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    client.force_login(user)
    record = answer(member, now)
    assert client.get(reverse("privacy:consent_receipt_pdf", args=[record.reference])).status_code == 503
    pdf._weasyprint.cache_clear()


def test_a_page_that_reaches_outside_gets_nothing() -> None:
    with_picture = '<html lang="en"><head><title>x</title></head><body><img src="https://example.org/x.png" alt="x">'
    assert pdf.pdf_of(with_picture).startswith(b"%PDF-")
