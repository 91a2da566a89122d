"""Rotating the keys of pseudonyms: rows say which key they need, look-ups go on, and what can be is named anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.test import override_settings

from privacy.core.actors import Actor
from privacy.core.pseudonyms import key_id, pseudonym
from privacy.disposal.models import Closure
from privacy.disposal.rekeying import key_needs, rekey
from privacy.disposal.services import Mandate, close_account
from privacy.retention.execution import run_night

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "o" * 32, "n" * 32
OLD_ID, NEW_ID = key_id(OLD.encode()), key_id(NEW.encode())
ACTOR = Actor.system("tests")


@contextmanager
def keys(*secrets: str) -> Iterator[None]:
    from django.conf import settings

    with override_settings(PRIVACY={**settings.PRIVACY, "PSEUDONYM_KEYS": list(secrets)}):
        yield


def waiting(key: str, now: datetime, channel: str = "page") -> Closure:
    """A closure that still knows its account."""
    from privacy.core.pseudonyms import pseudonym_key_id

    return Closure.objects.create(
        subject_key=key,
        pseudonym=pseudonym("subject", key),
        pseudonym_key=pseudonym_key_id(),
        channel=channel,
        status="scheduled",
        closed_at=now,
        due_at=now,
    )


def closed(name: str, now: datetime) -> Any:
    user = get_user_model().objects.create_user(name)
    return close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=ACTOR)


def said() -> list[tuple[str, str]]:
    wanted = ("privacy.W522", "privacy.I523")
    return [(message.id, message.msg) for message in run_checks(databases=["default"]) if message.id in wanted]


def test_a_closure_says_which_key_made_its_pseudonym(now: datetime) -> None:
    with keys(OLD):
        closed("one", now)
    with keys(NEW, OLD):
        closed("two", now)
    assert list(Closure.objects.order_by("pseudonym_key").values_list("pseudonym_key", flat=True)) == sorted(
        [OLD_ID, NEW_ID]
    )


def test_after_a_rotation_whoever_closed_before_is_still_found(now: datetime) -> None:
    user = get_user_model().objects.create_user("one")
    key = user.pk
    mandate = Mandate("member", "page", "password")
    with keys(OLD):
        first = close_account(user=user, mandate=mandate, now=now, actor=ACTOR)
    user.pk = key
    with keys(NEW, OLD):
        again = close_account(user=user, mandate=mandate, now=now, actor=ACTOR)
    assert again.closure_id == first.closure_id


def test_the_night_names_anew_what_knows_its_account_and_was_told_to_nobody(now: datetime) -> None:
    with keys(OLD):
        told, untold = waiting("900001", now), waiting("900002", now, "take_over")
        finished = closed("one", now)
    with keys(NEW, OLD):
        report = run_night(now=now, actor=ACTOR, step="disposal.pseudonyms")
        assert report.steps[0].counts == {"rekeyed": 1}
        word = pseudonym("subject", "900002")

    untold.refresh_from_db()
    assert (untold.pseudonym, untold.pseudonym_key) == (word, NEW_ID)
    before = told.pseudonym
    told.refresh_from_db()
    assert (told.pseudonym, told.pseudonym_key) == (before, OLD_ID), "a reference that was told stays valid"
    assert Closure.objects.get(pk=finished.closure_id).pseudonym == finished.subject


def test_a_key_that_leaked_names_nobody_any_more_who_can_be_named_anew(now: datetime) -> None:
    with keys(OLD):
        told = waiting("1", now)
    with keys(NEW):
        assert rekey(dry_run=True) == {"rekeyed": 1, "marked": 0}
        assert rekey() == {"rekeyed": 1}
        word = pseudonym("subject", "1")
        assert rekey() == {}
    told.refresh_from_db()
    assert (told.pseudonym, told.pseudonym_key) == (word, NEW_ID)


def test_check_names_a_key_that_was_taken_away_too_early(now: datetime) -> None:
    with keys(OLD):
        closed("one", now)
        assert said() == []
    with keys(NEW):
        [(code, message)] = said()
        assert code == "privacy.W522"
        assert OLD_ID in message
        assert "1 rows" in message
    with keys(NEW, OLD):
        assert said() == [], "put back, it is needed"


def test_check_says_when_an_older_key_may_go(now: datetime) -> None:
    with keys(OLD):
        closed("one", now)
    Closure.objects.all().delete()
    with keys(NEW, OLD):
        [(code, message)] = said()
        assert (code, OLD_ID in message) == ("privacy.I523", True)


def test_a_key_derived_from_the_secret_key_counts_as_well(now: datetime) -> None:
    with override_settings(SECRET_KEY="first " * 8):
        closed("one", now)
    with override_settings(SECRET_KEY="second " * 8):
        assert [code for code, _ in said()] == ["privacy.W522"]
    with override_settings(SECRET_KEY="second " * 8, SECRET_KEY_FALLBACKS=["first " * 8]):
        assert said() == []


def test_a_row_from_before_keys_had_ids_gets_the_id_of_its_own_key(now: datetime) -> None:
    with keys(OLD):
        old = waiting("1", now)
        Closure.objects.update(pseudonym_key="")
    with keys(NEW, OLD):
        assert rekey() == {"marked": 1}
    before = old.pseudonym
    old.refresh_from_db()
    assert (old.pseudonym, old.pseudonym_key) == (before, OLD_ID)


def test_every_room_that_needs_keys_is_asked(now: datetime) -> None:
    from privacy.core.registries import key_users

    key_users.add("tests", lambda: {OLD_ID: 2, "00000000": 3})
    with keys(NEW, OLD):
        needs = key_needs()
    assert needs.missing == {"00000000": 3}
    assert needs.idle == ()
