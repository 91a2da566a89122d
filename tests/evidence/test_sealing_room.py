"""Sealing in its places: the hour, the night, the checks, the ledger, the admin and the desk."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.checks import run_checks
from django.db.models.signals import post_migrate
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from privacy.core.actors import Actor
from privacy.core.registries import (
    CheckContext,
    NightContext,
    Promised,
    Status,
    desk_cards,
    hourly_steps,
    live_checks,
    night_steps,
)
from privacy.evidence.keys import make_key
from privacy.evidence.models import EvidenceEntry, Seal
from privacy.evidence.sealing import seal
from privacy.evidence.services import record
from privacy.evidence.tasks import deadlines
from tests.evidence.tampering import ENTRY, become_owner, nothing_left, run

pytestmark = pytest.mark.django_db
ACT = "evidence.details_expired"


@pytest.fixture
def entry(now: datetime, actor: Actor) -> EvidenceEntry:
    return record(act=ACT, now=now, actor=actor, label="auth.User", counts={"rows": 1})


@pytest.fixture
def key(tmp_path: Path, settings: Any) -> str:
    made = make_key(path=tmp_path / "seal.pem")
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [made.file]}
    return made.key


# --- when ----------------------------------------------------------------------------------


def test_the_hourly_task_seals(entry: EvidenceEntry) -> None:
    assert deadlines.name == "privacy.deadlines"
    for name in hourly_steps.names():
        if name != "evidence.seal":  # what other rooms do in their hour is sealed as well
            hourly_steps.remove(name)
    told = deadlines()
    assert told["evidence.seal"] == {"seals": 1, "entries": 1}
    assert max(hourly_steps, key=lambda step: step.order).name == "evidence.seal"
    assert Seal.objects.get().size == 1


def test_a_key_that_cannot_be_read_is_told_by_the_task_and_seals_nothing(entry: EvidenceEntry, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": ["no/such/key.pem"]}
    assert "SEAL_KEYS" in str(deadlines()["evidence.seal"])
    assert not Seal.objects.exists()


def _night(now: datetime, *, dry_run: bool) -> NightContext:
    return NightContext(
        now=now, horizon=now, run=uuid4(), dry_run=dry_run, actor=Actor.system("night"), progress=lambda *args: None
    )


def test_sealing_is_the_last_step_of_the_night_and_needs_no_confirmation(entry: EvidenceEntry, now: datetime) -> None:
    step = night_steps.get("evidence.seal")
    assert step.order == 990 == max(other.order for other in night_steps)
    assert not step.destroys
    assert step.run(_night(now, dry_run=True)).counts == {"entries": 1}
    assert not Seal.objects.exists()
    assert step.run(_night(now, dry_run=False)).counts == {"seals": 1, "entries": 1}


def _migrated() -> None:
    ours = apps.get_app_config("privacy")
    post_migrate.send(sender=ours, app_config=ours, verbosity=0, interactive=False, using="default", apps=apps, plan=[])


def test_beat_is_told_once_and_what_an_admin_deleted_stays_deleted() -> None:
    PeriodicTask.objects.filter(task="privacy.deadlines").delete()
    _migrated()
    task = PeriodicTask.objects.get(task="privacy.deadlines")
    assert (task.interval.every, task.interval.period) == (1, "hours")
    task.delete()
    _migrated()
    assert not PeriodicTask.objects.filter(task="privacy.deadlines").exists()


# --- checks --------------------------------------------------------------------------------


def _ids(*, deploy: bool = False) -> list[str]:
    found = run_checks(include_deployment_checks=deploy)
    return [message.id or "" for message in found if message.id in ("privacy.E011", "privacy.W011")]


def test_a_live_site_without_a_key_is_warned(settings: Any) -> None:
    assert _ids() == []
    assert _ids(deploy=True) == ["privacy.W011"]


def test_a_site_that_signs_hears_nothing(key: str) -> None:
    assert _ids(deploy=True) == []


def test_a_list_that_begins_with_a_public_key_is_warned_of(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "seal.pub").write_text(make_key(path=tmp_path / "seal.pem").public)
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [str(tmp_path / "seal.pub")]}
    assert _ids(deploy=True) == ["privacy.W011"]


def test_a_key_that_cannot_be_read_is_an_error(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": ["no/such/key.pem"]}
    assert _ids(deploy=True) == ["privacy.E011"]


# --- the live check ------------------------------------------------------------------------


def _asked(now: datetime) -> tuple[Status, str, str]:
    promise = Promised(code="X-1", clause="§1", says="The evidence is sealed.")
    found = live_checks.get("evidence.verified").run(CheckContext(now=now, promise=promise))
    return found.status, found.why, found.figure


def test_without_a_seal_the_ledger_cannot_tell(now: datetime) -> None:
    assert _asked(now)[0] == Status.CANNOT_TELL


def test_with_agreeing_seals_the_promise_is_kept_and_the_unsealed_are_counted(
    key: str, entry: EvidenceEntry, now: datetime, actor: Actor
) -> None:
    seal(now=now, actor=actor)
    record(act=ACT, now=now, actor=actor)
    assert _asked(now) == (
        Status.KEPT,
        "Every seal agrees with its entries; 1 entry waits for the next.",
        "1 of 2 sealed",
    )


def test_unsigned_seals_are_said_to_be_unsigned(entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    seal(now=now, actor=actor)
    assert "not signed" in _asked(now)[1]


def test_tampering_breaks_the_promise_and_mending_keeps_it(
    key: str, entry: EvidenceEntry, now: datetime, actor: Actor
) -> None:
    seal(now=now, actor=actor)
    become_owner()
    run(f"UPDATE {ENTRY} SET label = 'auth.Group'")
    assert _asked(now)[:2] == (Status.BROKEN, "1 thing was altered or removed; privacy_verify names it.")
    run(f"UPDATE {ENTRY} SET label = 'auth.User'")
    assert _asked(now)[0] == Status.KEPT
    nothing_left()


# --- on screen -----------------------------------------------------------------------------


def _client(*names: str) -> Client:
    user = get_user_model().objects.create(username=f"staff-{'-'.join(names)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def _page(address: str, *names: str) -> str:
    answer = _client(*names).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_evidence_list_says_how_many_entries_wait(
    key: str, entry: EvidenceEntry, now: datetime, actor: Actor
) -> None:
    address = reverse("admin:privacy_evidenceentry_changelist")
    seal(now=now, actor=actor)
    for _ in range(3):
        record(act=ACT, now=now, actor=actor)
    page = _page(address, "view_evidenceentry", "view_seal")
    [tile] = [part for part in page.split('class="pv-tile pv-edge') if "Waiting for a seal" in part]
    assert re.findall(r">\s*([^<>]*\S)\s*<", tile)[:3] == ["Waiting for a seal", "3", "1 seal so far"]


def test_an_entry_says_which_seal_it_is_under(key: str, entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    address = reverse("admin:privacy_evidenceentry_change", args=[entry.pk])
    assert "waits for the next seal" in _page(address, "view_evidenceentry")
    seal(now=now, actor=actor)
    assert "Under seal 1" in _page(address, "view_evidenceentry", "view_seal")


def test_the_seals_are_listed_and_nobody_changes_them(
    key: str, entry: EvidenceEntry, now: datetime, actor: Actor
) -> None:
    empty = _page(reverse("admin:privacy_seal_changelist"), "view_seal")
    assert "No seal yet" in empty
    seal(now=now, actor=actor)
    client = _client("view_seal", "add_seal", "change_seal", "delete_seal")
    page = client.get(reverse("admin:privacy_seal_changelist")).content.decode()
    assert f"{Seal.objects.get().root[:16]}…" in page
    assert "not signed" not in page
    assert client.get(reverse("admin:privacy_seal_change", args=[1])).status_code == 200
    assert client.get(reverse("admin:privacy_seal_delete", args=[1])).status_code == 403
    assert client.get(reverse("admin:privacy_seal_add")).status_code == 403


def test_unsigned_seals_are_told_on_screen_with_what_to_do(entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    seal(now=now, actor=actor)
    assert "privacy_verify --new-key" in _page(reverse("admin:privacy_seal_changelist"), "view_seal")


def test_the_desk_shows_how_many_entries_wait(entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    assert desk_cards.get("evidence").context(now)["sealing"].unsealed == 1
    seal(now=now, actor=actor)
    assert desk_cards.get("evidence").context(now)["sealing"].unsealed == 0
    page = _page(reverse("admin:app_list", args=["privacy"]), "view_evidenceentry")
    assert "Waiting for a seal" in page


def test_a_site_without_evidence_gets_no_card(now: datetime) -> None:
    assert desk_cards.get("evidence").context(now) == {}
