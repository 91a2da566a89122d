"""Purposes come from the profile or from the site, and words that were served once stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from privacy.consent.models import ConsentRecord, Purpose, Wording
from privacy.consent.people import Person
from privacy.consent.queries import served
from privacy.consent.rules import ConsentRules, WrongConsentRules, consent_rules
from privacy.consent.services import (
    WrongPurpose,
    WrongWording,
    add_purpose,
    add_wording,
    announce_purpose,
    retire_purpose,
)
from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.evidence import triggers
from privacy.promises.models import ProfileTable
from tests.consent.conftest import PROFILE, answer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_profile_makes_its_purposes_and_wordings(profile: Callable[..., None]) -> None:
    assert set(Purpose.objects.values_list("code", "origin")) == {
        (code, "profile") for code in ("newsletter", "interviews", "statistics", "offers")
    }
    assert set(Wording.objects.values_list("purpose", "version", "language")) == {
        ("newsletter", "1", "en"),
        ("newsletter", "1", "de"),
        ("interviews", "1", "en"),
    }
    profile()
    assert Wording.objects.count() == 3


def test_a_purpose_that_the_profile_drops_is_retired_and_comes_back_with_it(
    profile: Callable[..., None], now: datetime
) -> None:
    profile(PROFILE.replace('code = "offers"', 'code = "gifts"'), at=now + DAY)
    assert Purpose.objects.get(pk="offers").retired_at == now + DAY
    profile(at=now + 2 * DAY)
    assert Purpose.objects.get(pk="offers").retired_at is None
    assert Purpose.objects.get(pk="gifts").retired_at == now + 2 * DAY


def test_a_profile_with_other_words_for_a_served_version_is_refused_as_a_whole(
    profile: Callable[..., None], now: datetime
) -> None:
    other = PROFILE.replace("You may ring me up", "You may ring me up at night").replace("Statistics", "Counting")
    with pytest.raises(WrongWording, match="version 1 of interviews"), transaction.atomic():
        profile(other)
    assert Purpose.objects.get(pk="statistics").title == "Statistics"
    assert ProfileTable.objects.get(name="consent").table["purposes"][2]["title"] == "Statistics"
    profile(other.replace('version = "1"\nwordings = { en = "You', 'version = "2"\nwordings = { en = "You'))
    assert Wording.objects.of("interviews").count() == 2


def test_the_words_of_the_nearest_language_are_served(
    profile: Callable[..., None], now: datetime, actor: Actor
) -> None:
    def language(wanted: str) -> str:
        return served(["newsletter"], language=wanted)["newsletter"].language

    assert [language(tag) for tag in ("de", "de-at", "de-AT", "fr", "en-gb")] == ["de", "de", "de", "en", "en"]
    add_wording(purpose="newsletter", version="1", language="de-AT", text="Servus", now=now, actor=actor)
    assert (language("de-at"), language("de-ch")) == ("de-AT", "de")


def test_the_site_adds_purposes_of_its_own_that_no_profile_touches(
    profile: Callable[..., None], now: datetime, actor: Actor
) -> None:
    purpose = add_purpose(
        code="contests",
        title="Contests",
        legal_basis="consent",
        category="contact",
        period=Period.parse("P6M"),
        now=now + DAY,
        actor=actor,
    )
    profile()
    purpose.refresh_from_db()
    assert (purpose.origin, purpose.retired_at, purpose.period) == ("site", None, "P6M")
    announce_purpose(purpose=purpose, where="Newsletter of April", now=now + DAY, actor=actor)
    with pytest.raises(WrongPurpose):
        announce_purpose(purpose=purpose, where="again", now=now, actor=actor)
    retire_purpose(purpose=purpose, now=now + 2 * DAY, actor=actor)
    with pytest.raises(WrongPurpose):
        retire_purpose(purpose=Purpose.objects.get(pk="offers"), now=now, actor=actor)
    with pytest.raises(WrongWording):
        add_wording(purpose="contests", version="1", language="en", text="Play?", now=now, actor=actor)


def test_a_purpose_that_nobody_could_be_asked_about_is_refused(
    profile: Callable[..., None], now: datetime, actor: Actor
) -> None:
    good = {"code": "x", "title": "X", "legal_basis": "consent", "category": "c", "period": Period(days=1)}
    for wrong in (
        {"code": "No Code"},
        {"code": "newsletter"},
        {"title": " "},
        {"legal_basis": "whim"},
        {"category": ""},
        {"period": Period()},
    ):
        with pytest.raises(WrongPurpose):
            add_purpose(**{**good, **wrong}, now=now, actor=actor)  # type: ignore[arg-type]


def test_words_that_could_not_come_back_byte_for_byte_are_refused(
    profile: Callable[..., None], now: datetime, actor: Actor
) -> None:
    good = {"version": "9", "language": "en", "text": "Yes?"}
    for wrong in ({"version": ""}, {"language": "English"}, {"text": " "}, {"text": "a\0b"}, {"text": "a\ud800b"}):
        with pytest.raises(WrongWording):
            add_wording(purpose="newsletter", **{**good, **wrong}, now=now, actor=actor)
    for purpose in ("statistics", "nonsense"):
        with pytest.raises(WrongWording):
            add_wording(purpose=purpose, **good, now=now, actor=actor)


@pytest.mark.parametrize(
    "wrong",
    [
        {"proof": "P1Y"},
        {"proof_kept": "P0D"},
        {"purposes": "newsletter"},
        {"purposes": [{}]},
        {"purposes": [{"code": "A", "title": "A", "legal_basis": "consent", "category": "c"}]},
        {"purposes": [{"code": "a", "title": "A", "legal_basis": "whim", "category": "c"}]},
        {"purposes": [{"code": "a", "title": "A", "legal_basis": "contract", "category": "c", "colour": "red"}]},
        {"purposes": [{"code": "a", "title": "A", "legal_basis": "contract", "category": "c", "express": "no"}]},
        {"purposes": [{"code": "a", "title": "A", "legal_basis": "contract", "category": "c", "covers": "x"}]},
        {"purposes": [{"code": "a", "title": "A", "legal_basis": "consent", "category": "c", "period": "P1Y"}]},
        {"purposes": [{"code": "a", "title": "A", "legal_basis": "contract", "category": "c"}] * 2},
        {
            "purposes": [
                {
                    "code": "a",
                    "title": "A",
                    "legal_basis": "consent",
                    "category": "c",
                    "period": "P1Y",
                    "version": "1",
                    "wordings": {"English": "Yes?"},
                }
            ]
        },
    ],
)
def test_a_table_that_cannot_be_used_names_its_key(wrong: dict[str, object]) -> None:
    with pytest.raises(WrongConsentRules, match=r"^consent\."):
        ConsentRules.parse(wrong)


def test_without_a_profile_the_apps_own_rules_hold(db: None) -> None:
    assert consent_rules().proof_kept == Period.parse("P3Y")


# --- the database refuses as well ---------------------------------------------------------------

ATTACKS = {
    "update of a record": "UPDATE privacy_consentrecord SET decision = 'given', expires_at = at",
    "removal of records": "DELETE FROM privacy_consentrecord",
    "update of a wording": "UPDATE privacy_wording SET text = 'Yes to all'",
    "removal of wordings": "DELETE FROM privacy_wording",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_database_itself_refuses_to_change_the_ledger(member: Person, now: datetime, attack: str) -> None:
    answer(member, now)
    connection.check_constraints()  # PostgreSQL alters no table that deferred checks wait for
    with override_settings(PRIVACY={"EVIDENCE_TRIGGERS": True}):
        triggers.install("default")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ATTACKS[attack])
        answer(member, now + DAY)
    assert ConsentRecord.objects.count() == 2
