"""Somebody is warned before the last dump goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from privacy.backups import alarms, services
from privacy.core.actors import Actor

pytestmark = pytest.mark.django_db
Put = Callable[..., str]
TAKEN = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)  # gone by 15 March
DUMP = "default-server-2026-02-15-130000.dump"


def day(number: int) -> datetime:
    return datetime(2026, 3, number, 2, 30, tzinfo=UTC)


def test_admins_are_mailed_once_before_the_newest_dump_goes_and_once_when_none_remains(
    put: Put, one_month: None, actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=day(11), actor=actor)
    assert mail.outbox == []
    for number in (13, 14):
        services.reconcile(now=day(number), actor=actor)
        services.expire(now=day(number), horizon=day(number) + timedelta(days=1), actor=actor)
    assert len(mail.outbox) == 1
    assert "March 15, 2026" in mail.outbox[0].body
    assert mail.outbox[0].to == ["admin@example.org"]
    services.expire(now=day(15), horizon=day(16), actor=actor)
    services.reconcile(now=day(15), actor=actor)
    services.reconcile(now=day(16), actor=actor)
    assert len(mail.outbox) == 2
    assert "remains" in mail.outbox[1].body


def test_a_newer_dump_ends_the_alarm_and_the_next_one_is_told_again(put: Put, one_month: None, actor: Actor) -> None:
    put(DUMP)
    services.reconcile(now=day(13), actor=actor)
    put("default-server-2026-03-13-120000.dump")
    services.reconcile(now=day(14), actor=actor)
    assert alarms.alarms(day(14)) == []
    services.reconcile(now=datetime(2026, 4, 11, tzinfo=UTC), actor=actor)
    assert len(mail.outbox) == 2


def test_each_kind_of_dump_is_watched(put: Put, one_month: None, actor: Actor) -> None:
    put("server-2026-02-15-130000.tar")
    put("default-server-2026-03-13-120000.dump")
    services.reconcile(now=day(14), actor=actor)
    (alarm,) = alarms.alarms(day(14))
    assert (alarm.level, "uploaded files" in alarm.problem) == ("warn", True)


def test_a_foreign_file_is_no_dump_that_one_could_restore(put: Put, one_month: None, actor: Actor) -> None:
    put(DUMP)
    put("notes.txt", day(12))
    services.reconcile(now=day(13), actor=actor)
    assert len(alarms.alarms(day(13))) == 1


def test_the_span_before_is_the_profiles(put: Put, promised: Callable[..., None], actor: Actor) -> None:
    promised(kept_for="P1M", alarm_before="P10D")
    put(DUMP)
    services.reconcile(now=day(6), actor=actor)
    assert len(mail.outbox) == 1


def test_nothing_is_alarming_without_a_promise_or_without_a_dump(
    put: Put, promised: Callable[..., None], actor: Actor
) -> None:
    put(DUMP)
    services.reconcile(now=day(14), actor=actor)
    assert alarms.alarms(day(14)) == []
    promised(regions=["EU"])
    assert alarms.alarms(day(14)) == []


def test_a_site_that_never_made_a_dump_is_not_alarmed(dumps: Path, one_month: None, actor: Actor) -> None:
    services.reconcile(now=day(14), actor=actor)
    assert alarms.alarms(day(14)) == []
    assert mail.outbox == []


def test_mail_that_is_down_does_not_stop_the_scan_and_is_sent_later(
    put: Put, one_month: None, actor: Actor, settings: Any
) -> None:
    put(DUMP)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    services.reconcile(now=day(13), actor=actor)
    assert alarms.alarms(day(13))
    settings.EMAIL_BACKEND = working
    services.reconcile(now=day(13), actor=actor)
    assert len(mail.outbox) == 1


def test_of_two_scans_at_once_one_sends_the_mail(
    put: Put, one_month: None, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(DUMP)
    services.reconcile(now=day(11), actor=actor)
    look = alarms.alarms

    def look_while_another_scan_warns(now: datetime) -> list[alarms.Alarm]:
        seen = look(now)
        monkeypatch.setattr(alarms, "alarms", look)
        alarms.warn(now=now)
        return seen

    monkeypatch.setattr(alarms, "alarms", look_while_another_scan_warns)
    alarms.warn(now=day(13))
    assert len(mail.outbox) == 1
