"""Two acts at the same moment, on PostgreSQL: a text and what is set cannot pass each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import DraftChanged, publish
from privacy.policies.site import site_in_force
from privacy.promises.models import Promise
from privacy.promises.services import load_profile
from privacy.retention.models import Schedule
from privacy.retention.services import change_period, sync_schedules
from tests.policies.test_lowering import EVENTS, NAME, TEXT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


def beside(act: Callable[[], Any], other: Callable[[], Any]) -> tuple[Any, Any]:
    """Do ``act``, and before its commit begin ``other``; gives what each ended with, a refusal where it raised one."""
    began = threading.Event()
    ended: list[Any] = []

    def run() -> None:
        began.wait(10)
        try:
            ended.append(other())
        except PrivacyError as refusal:
            ended.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    with transaction.atomic():
        first = act()
        began.set()
        thread.join(1)  # it waits for us, or has passed us
    thread.join(20)
    assert not thread.is_alive()
    return first, ended[0]


@pytest.fixture
def ready(profile: Callable[..., None], draft: Callable[..., PolicyDraft], now: datetime, actor: Actor) -> PolicyDraft:
    """A text that promises the end of events, still to be published."""
    profile(EVENTS)
    sync_schedules(now=now, actor=actor)
    return draft(TEXT)


def weaker_profile(tmp_path: Path) -> Path:
    path = tmp_path / "weaker.toml"
    path.write_text(EVENTS.replace("P1M", "P2M"), encoding="utf-8")
    return path


def test_a_profile_that_is_loaded_while_a_text_is_published_is_held_to_it(
    ready: PolicyDraft, tmp_path: Path, now: datetime, actor: Actor
) -> None:
    digest = draft_view(ready).digest
    version, refusal = beside(
        lambda: publish(draft=ready, digest=digest, now=now, actor=actor),
        lambda: load_profile(path=weaker_profile(tmp_path), now=now, actor=actor),
    )
    assert version.number == 1
    assert isinstance(refusal, PrivacyError)
    assert "privacy.en.1" in str(refusal)


def test_a_text_that_is_published_while_a_profile_is_loaded_is_held_to_it(
    ready: PolicyDraft, tmp_path: Path, now: datetime, actor: Actor
) -> None:
    digest = draft_view(ready).digest
    _, refusal = beside(
        lambda: load_profile(path=weaker_profile(tmp_path), now=now, actor=actor),
        lambda: publish(draft=ready, digest=digest, now=now, actor=actor),
    )
    assert isinstance(refusal, PrivacyError)


def test_a_schedule_that_is_changed_while_a_text_is_published_is_held_to_it(
    ready: PolicyDraft, now: datetime, actor: Actor
) -> None:
    digest, schedule = draft_view(ready).digest, Schedule.objects.get(name=NAME)

    def change() -> Any:
        Promise.objects.filter(code="TST-3-1").update(figure="P20M")
        return change_period(schedule=schedule, period=Period.parse("P14M"), now=now, actor=actor)

    version, refusal = beside(lambda: publish(draft=ready, digest=digest, now=now, actor=actor), change)
    assert version.number == 1
    assert isinstance(refusal, PrivacyError)
    assert "privacy.en.1" in str(refusal)
    schedule.refresh_from_db()
    assert schedule.period == "P1Y"


def test_a_text_that_is_published_while_a_schedule_is_changed_is_held_to_it(
    ready: PolicyDraft, now: datetime, actor: Actor
) -> None:
    site, schedule = site_in_force(), Schedule.objects.get(name=NAME)
    digest = draft_view(ready, site=site).digest
    Promise.objects.filter(code="TST-3-1").update(figure="P20M")
    _, refusal = beside(
        lambda: change_period(schedule=schedule, period=Period.parse("P14M"), now=now, actor=actor),
        lambda: publish(draft=ready, digest=digest, site=site, now=now, actor=actor),
    )
    assert isinstance(refusal, PrivacyError)
    assert "P14M" in str(refusal)


def test_a_draft_that_two_publish_at_once_becomes_one_version(ready: PolicyDraft, now: datetime, actor: Actor) -> None:
    digest = draft_view(ready).digest

    def put_out() -> PolicyVersion:
        return publish(draft=ready, digest=digest, now=now, actor=actor)

    version, refusal = beside(put_out, put_out)
    assert isinstance(refusal, DraftChanged)
    assert PolicyVersion.objects.get() == version
