"""Copies elsewhere count in the live checks, in the date a person is told, and in the alarms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from privacy.backups import copy_alarms, queries, services
from privacy.backups.models import RegisteredCopy
from privacy.core.actors import Actor
from privacy.core.periods import NO_END
from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks, providers
from tests.backups.conftest import RULE

pytestmark = pytest.mark.django_db
Put = Callable[..., str]
Register = Callable[..., None]
YOUNG = "default-server-2026-03-10-033000.dump"
#: Of the copy that ``register()`` registers, taken on 10 March and kept for 14 days.
END = datetime(2026, 3, 24, 3, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def ask(name: str, now: datetime, **promised: Any) -> Finding:
    promise = Promised("HTC-10-4", "§10", "Backups are kept for one month", **promised)
    return live_checks.get(f"backups.{name}").run(CheckContext(now, promise))


def last_date(now: datetime) -> datetime | None:
    found: datetime | None = providers.get("last_backup_date")(now=now)
    return found


# --- backups.none_over_age ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pg_dump", "test_copy"])
def test_a_copy_past_its_end_breaks_the_promise_until_its_destruction_is_confirmed(
    no_storage: None, one_month: None, register: Register, actor: Actor, kind: str
) -> None:
    register(kind=kind)
    found = ask("none_over_age", END - SECOND, figure="P1M")
    assert (found.status, found.figure) == (Status.KEPT, "0 of 1")
    found = ask("none_over_age", END, figure="P1M")
    assert (found.status, found.figure) == (Status.BROKEN, "1 of 1")
    assert "nobody confirmed" in found.why
    services.confirm_destroyed(name="offsite", now=END, actor=actor)
    found = ask("none_over_age", END, figure="P1M")
    assert (found.status, found.figure) == (Status.KEPT, "0 of 0")


def test_an_end_that_is_over_breaks_it_although_no_period_is_promised(no_storage: None, register: Register) -> None:
    register()
    assert ask("none_over_age", END - SECOND).status == Status.CANNOT_TELL
    assert ask("none_over_age", END).status == Status.BROKEN


def test_a_copy_breaks_it_at_the_promised_age_although_its_own_rule_is_longer(
    no_storage: None, one_month: None, register: Register, actor: Actor
) -> None:
    register(kept_for="P2M")
    month = datetime(2026, 4, 10, 2, 0, tzinfo=UTC)  # the clocks went forward in between
    assert ask("none_over_age", month - SECOND, figure="P1M").status == Status.KEPT
    found = ask("none_over_age", month, figure="P1M")
    assert (found.status, found.figure) == (Status.BROKEN, "1 of 1")
    services.confirm_destroyed(name="offsite", now=month, actor=actor)
    assert ask("none_over_age", month, figure="P1M").status == Status.KEPT


def test_a_standing_rule_that_keeps_for_longer_breaks_it_and_a_shorter_one_mends_it(
    no_storage: None, one_month: None, register: Register, now: datetime
) -> None:
    register(RULE, kept_for="P30D")  # longer than a month of February
    assert ask("none_over_age", now, figure="P1M").status == Status.BROKEN
    register(RULE, kept_for="P28D")
    found = ask("none_over_age", now + timedelta(days=400), figure="P1M")
    assert (found.status, found.figure) == (Status.KEPT, "0 of 1")


def test_files_and_copies_are_counted_together(
    put: Put, one_month: None, register: Register, now: datetime, actor: Actor
) -> None:
    put("default-server-2026-02-10-033000.dump")
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    register(taken_at=datetime(2026, 2, 1, tzinfo=UTC), kept_for="P2M")
    register(RULE)
    assert ask("none_over_age", now).figure == "2 of 4"


def test_a_stale_listing_still_breaks_it_where_dumps_are_expected(
    put: Put, one_month: None, register: Register, now: datetime, actor: Actor
) -> None:
    register(RULE)
    assert ask("none_over_age", now).status == Status.CANNOT_TELL
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    found = ask("none_over_age", now)
    assert (found.status, "registered" in found.why) == (Status.KEPT, True)
    assert ask("none_over_age", now + timedelta(hours=27)).status == Status.BROKEN


def test_an_empty_storage_beside_registered_copies_is_an_answer(
    dumps: Path, one_month: None, register: Register, now: datetime, actor: Actor
) -> None:
    services.reconcile(now=now, actor=actor)
    assert ask("none_over_age", now).status == Status.CANNOT_TELL
    register(RULE)
    assert ask("none_over_age", now).status == Status.KEPT


# --- backups.regions_within --------------------------------------------------------------------


def test_a_copy_in_another_region_breaks_the_promise_and_its_end_mends_it(
    no_storage: None, one_month: None, register: Register, now: datetime, actor: Actor
) -> None:
    register(RULE)
    register(region="us-east-1")
    found = ask("regions_within", now)
    assert (found.status, found.figure) == (Status.BROKEN, "1 of 2")
    services.confirm_destroyed(name="offsite", now=now, actor=actor)
    found = ask("regions_within", now)
    assert (found.status, found.figure) == (Status.KEPT, "1 of 1")
    services.confirm_destroyed(name="snapshots", now=now, actor=actor)
    assert ask("regions_within", now).status == Status.CANNOT_TELL


# --- the date a person is told -----------------------------------------------------------------


def test_a_single_copy_holds_a_person_until_its_own_end(no_storage: None, register: Register, now: datetime) -> None:
    assert last_date(now) is None
    register()
    assert last_date(now) == END
    assert last_date(END - SECOND) == END


def test_a_standing_rule_makes_a_copy_at_this_very_moment(no_storage: None, register: Register, now: datetime) -> None:
    register(RULE, kept_for="P7D")
    assert last_date(now) == now + timedelta(days=7)


def test_a_copy_past_its_end_still_holds_everybody_until_it_is_confirmed(
    no_storage: None, register: Register, actor: Actor
) -> None:
    register()
    later = END + timedelta(days=30)
    assert last_date(later) == later + timedelta(days=14)
    services.confirm_destroyed(name="offsite", now=later, actor=actor)
    assert last_date(later) is None


def test_the_date_is_the_latest_of_all(
    put: Put, promised: Callable[..., None], register: Register, now: datetime, actor: Actor
) -> None:
    promised(kept_for="P10D")
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    assert last_date(now) == now + timedelta(days=10)
    register(RULE, kept_for="P7D")
    register(kept_for="P7D")
    assert last_date(now) == now + timedelta(days=10)
    register(RULE, name="slower", every="P7D", kept_for="P12D")
    assert last_date(now) == now + timedelta(days=12)
    register(name="test-copy", kind="test_copy", taken_at=now - timedelta(days=1), kept_for="P14D")
    end = now + timedelta(days=12, hours=23)  # 14 days by the clock, which goes forward in between
    assert last_date(now) == end


def test_no_end_stays_no_end(put: Put, register: Register, now: datetime, actor: Actor) -> None:
    put(YOUNG)
    services.reconcile(now=now, actor=actor)
    register()
    assert last_date(now) == NO_END


# --- alarms ------------------------------------------------------------------------------------


def test_admins_are_mailed_once_before_the_end_and_once_when_it_is_over(
    no_storage: None, register: Register, actor: Actor
) -> None:
    register()
    for days, mails in ((-4, 0), (-3, 1), (-2, 1), (0, 2), (1, 2)):
        services.reconcile(now=END + timedelta(days=days), actor=actor)
        assert len(mail.outbox) == mails
    before, over = mail.outbox
    assert "offsite must be destroyed by March 24, 2026" in before.body
    assert "nobody confirmed" in over.body
    assert "the head of operations" in over.body
    assert over.to == ["admin@example.org"]


def test_a_confirmed_end_is_never_mailed(no_storage: None, register: Register, actor: Actor) -> None:
    register()
    services.confirm_destroyed(name="offsite", now=END, actor=actor)
    services.reconcile(now=END, actor=actor)
    assert mail.outbox == []
    assert copy_alarms.alarms(END) == []


def test_the_alarm_stays_on_the_screen_until_the_end_is_confirmed(
    no_storage: None, register: Register, actor: Actor
) -> None:
    register()
    register(RULE)
    assert queries.overview(END - timedelta(days=4)).alarms == ()
    (alarm,) = queries.overview(END - SECOND).alarms
    assert alarm.level == "warn"
    (alarm,) = queries.overview(END + timedelta(days=99)).alarms
    assert alarm.level == "bad"
    services.confirm_destroyed(name="offsite", now=END, actor=actor)
    assert queries.overview(END).alarms == ()


def test_the_span_before_is_the_profiles_and_may_be_nothing(
    no_storage: None, promised: Callable[..., None], register: Register
) -> None:
    register()
    promised(alarm_before="P10D")
    assert len(copy_alarms.alarms(END - timedelta(days=9))) == 1
    promised(alarm_before="P0D")
    assert copy_alarms.alarms(END - SECOND) == []
    assert len(copy_alarms.alarms(END)) == 1


def test_many_copies_are_told_in_one_mail(no_storage: None, register: Register, actor: Actor) -> None:
    for number in range(60):
        register(name=f"offsite-{number}")
    services.reconcile(now=END, actor=actor)
    (sent,) = mail.outbox
    assert sent.body.count("nobody confirmed") == 60


def test_a_mail_that_could_not_go_is_sent_by_the_next_scan(
    no_storage: None, register: Register, actor: Actor, settings: Any
) -> None:
    register()
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1
    services.reconcile(now=END, actor=actor)
    assert RegisteredCopy.objects.get().alarm == ""
    settings.EMAIL_BACKEND = working
    services.reconcile(now=END, actor=actor)
    assert len(mail.outbox) == 1


def test_of_two_scans_at_once_one_sends_the_mail(
    no_storage: None, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    look = copy_alarms._states

    def look_while_another_scan_warns(now: datetime) -> list[tuple[RegisteredCopy, str]]:
        seen = look(now)
        monkeypatch.setattr(copy_alarms, "_states", look)
        copy_alarms.warn(now=now)
        return seen

    monkeypatch.setattr(copy_alarms, "_states", look_while_another_scan_warns)
    copy_alarms.warn(now=END)
    assert len(mail.outbox) == 1


def test_a_dry_night_mails_nobody(no_storage: None, register: Register, actor: Actor) -> None:
    register()
    services.reconcile(now=END, actor=actor, dry_run=True)
    assert mail.outbox == []
