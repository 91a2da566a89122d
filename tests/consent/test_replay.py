"""After a restore what people took back stays taken back: the real journal, and the real replay."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from privacy.consent.models import ConsentContext, ConsentRecord, Flag
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.queries import last_word
from privacy.consent.services import decide_objection, lift, object_to, restrict, withdraw
from privacy.core.actors import Actor
from privacy.disposal.journal.replaying import replay
from privacy.disposal.journal.restores import SiteRestored, is_restored, notice
from tests.consent.conftest import answer
from tests.disposal.journal.conftest import journal, text_of, undone  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _kept(journal: Path) -> None:  # noqa: F811
    """Every test here keeps a journal."""


def take_back(person: Person, now: datetime) -> ConsentRecord:
    return withdraw(person=person, purpose="newsletter", surface="account", now=now, actor=Actor.system("tests"))


def test_after_a_restore_withdrawals_are_re_applied(
    member: Person,
    stranger: Person,
    now: datetime,
    actor: Actor,
    journal: Path,  # noqa: F811
) -> None:
    for person in (member, stranger):
        answer(person, now)
    with undone():
        taken = {person: take_back(person, now + DAY).reference for person in (member, stranger)}
    assert may_process(member, "newsletter", now=now + DAY)
    report = replay(now=now + 2 * DAY, actor=actor)
    assert (report.restored, report.open, report.errors) == (True, True, {})
    assert report.kinds["withdrawal"] == {"told": 2, "again": 2, "there": 0, "later": 0, "gone": 0}
    for person, reference in taken.items():
        assert not may_process(person, "newsletter", now=now + 2 * DAY)
        last = last_word(person, "newsletter")
        assert last is not None
        assert (last.decision, last.reference, last.at) == ("withdrawn", reference, now + DAY)
    text = text_of(journal)
    assert "example.org" not in text.lower()
    assert f'"{member.user_key}"' not in text


def test_a_second_replay_changes_nothing_even_after_a_new_yes(member: Person, now: datetime, actor: Actor) -> None:
    answer(member, now)
    with undone():
        take_back(member, now + DAY)
    replay(now=now + 2 * DAY, actor=actor)
    answer(member, now + 3 * DAY)
    report = replay(now=now + 4 * DAY, actor=actor)
    assert report.kinds["withdrawal"]["there"] == 1
    assert may_process(member, "newsletter", now=now + 4 * DAY)
    assert ConsentRecord.objects.count() == 3


def test_a_grant_that_the_backup_does_not_know_is_not_needed_to_take_it_back(
    stranger: Person, now: datetime, actor: Actor
) -> None:
    with undone():
        answer(stranger, now)
        take_back(stranger, now + DAY)
    replay(now=now + 2 * DAY, actor=actor)
    [record] = ConsentRecord.objects.all()
    assert (record.decision, record.previous_id) == ("withdrawn", None)
    assert ConsentContext.objects.of(stranger).count() == 1


def test_restrictions_and_objections_are_re_applied_as_they_were_in_the_end(
    member: Person, stranger: Person, now: datetime, actor: Actor
) -> None:
    old = restrict(person=stranger, ground="claims", surface="mail", now=now, actor=actor)
    with undone():
        lift(flag=old, reason="settled", now=now + DAY, actor=actor)
        restrict(person=member, purpose="newsletter", ground="accuracy", surface="account", now=now + DAY, actor=actor)
        rejected = object_to(person=member, purpose="statistics", surface="account", now=now + DAY, actor=actor)
        decide_objection(flag=rejected, uphold=False, reason="Robin must pay", now=now + 2 * DAY, actor=actor)
        object_to(person=stranger, purpose="offers", surface="mail", now=now + DAY, actor=actor)
    assert Flag.objects.count() == 1
    report = replay(now=now + 3 * DAY, actor=actor)
    assert report.errors == {}
    assert (report.kinds["restriction"]["again"], report.kinds["objection"]["again"]) == (2, 2)
    assert not may_process(stranger, "offers", now=now + 3 * DAY)
    assert may_process(stranger, "statistics", now=now + 3 * DAY)
    assert may_process(member, "statistics", now=now + 3 * DAY)
    assert Flag.objects.get(kind="restriction", purpose="newsletter").user_key == member.user_key
    assert Flag.objects.get(pk=old.pk).lifted_at == now + DAY
    assert Flag.objects.get(pk=rejected.pk).outcome == "rejected"
    assert replay(now=now + 4 * DAY, actor=actor).errors == {}
    assert Flag.objects.count() == 4


def test_while_the_replay_is_awaited_nobody_takes_anything_back(member: Person, now: datetime) -> None:
    answer(member, now)
    with undone():
        take_back(member, now + DAY)
    assert notice(now + DAY)
    assert is_restored()
    with pytest.raises(SiteRestored):
        take_back(member, now + DAY)


def test_without_a_folder_nothing_is_told(member: Person, now: datetime, settings: Any, journal: Path) -> None:  # noqa: F811
    settings.PRIVACY = {key: value for key, value in settings.PRIVACY.items() if key != "JOURNAL_DIR"}
    answer(member, now)
    take_back(member, now)
    assert not journal.exists()
