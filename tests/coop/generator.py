"""Run by ``test_site`` under the demo site's settings: members with a history, the same ones for the same seed."""

from __future__ import annotations

import gc
import hashlib
import shutil
import tracemalloc
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from project.coop import generate, models
from project.coop.generate import load, load_one

pytestmark = pytest.mark.django_db


def _tables() -> list[Any]:
    ours = [apps.get_app_config(name) for name in ("coop", "clients", "outside")]
    return [*(model for app in ours for model in app.get_models(include_auto_created=True)), LogEntry]


def _digest() -> str:
    """Everything but keys and the secrets of sign-in, in an order that keys do not give."""
    found = hashlib.sha256()
    for model in _tables():
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if not field.primary_key and not field.is_relation and field.name != "object_id"
        ]
        # A table of links alone has nothing but keys.
        rows = model.objects.values_list(*names) if names else [model.objects.count()]
        found.update(repr(sorted(map(repr, rows))).encode())
    return found.hexdigest()


def _undone(**words: Any) -> tuple[str, list[Any]]:
    """The digest of a load, and its people; rows and files are gone afterwards."""
    mark = transaction.savepoint()
    load(**words)
    people = models.Member.objects.order_by("pk").values_list("display_name", "joined_at", "status")
    made = _digest(), list(people)
    transaction.savepoint_rollback(mark)
    shutil.rmtree(settings.MEDIA_ROOT)
    return made


def test_a_member_has_about_two_hundred_rows(now: datetime) -> None:
    done = load(count=50, seed=1, now=now)
    counted = sum(model.objects.count() for model in [*_tables(), Session])
    assert done.members == models.Member.objects.count() == 50
    assert 180 * 50 < done.rows < 230 * 50
    # What was counted beside the load: the list of topics; beside the tables: the accounts.
    assert done.rows == counted + 50 - models.PreferenceTag.objects.count()


def test_no_table_is_left_empty(now: datetime) -> None:
    load(count=60, seed=1, now=now)
    assert [model._meta.label for model in [*_tables(), Session] if not model.objects.exists()] == []


def test_the_same_seed_makes_the_same_rows_and_another_seed_others(now: datetime) -> None:
    first, _ = _undone(count=30, seed=7, now=now)
    again, _ = _undone(count=30, seed=7, now=now)
    other, _ = _undone(count=30, seed=8, now=now)
    assert again == first
    assert other != first


def test_people_do_not_depend_on_the_size_of_a_batch(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole = _undone(count=24, seed=7, now=now)
    monkeypatch.setattr(generate, "BATCH", 7)
    _, parts = _undone(count=24, seed=7, now=now)
    assert parts == whole
    assert len(whole) == 24


def test_a_second_load_goes_on_counting(now: datetime) -> None:
    load(count=10, seed=1, now=now)
    load(count=10, seed=1, now=now)
    assert models.Member.objects.count() == 20
    assert get_user_model().objects.filter(member__isnull=False).values("username").distinct().count() == 20


def test_numbers_of_members_who_have_left_are_not_given_again(now: datetime) -> None:
    load(count=10, seed=1, now=now)
    models.Member.objects.order_by("-pk")[0].delete()
    load(count=5, seed=1, now=now)
    assert models.Earning.objects.filter(number="V0000010-001", member=None).exists()
    assert models.Earning.objects.filter(number="V0000015-001").exists()


def test_files_really_lie_in_the_storage(now: datetime) -> None:
    done = load(count=10, seed=1, now=now)
    names = list(models.Member.objects.values_list("avatar", flat=True))
    names += models.Upload.objects.values_list("file", flat=True)
    assert done.files == len(names) == 20
    assert all(default_storage.size(name) > 50 for name in names)


def test_the_past_is_spread_out(now: datetime) -> None:
    load(count=100, seed=1, now=now)
    closed = models.Member.objects.filter(status="closed").order_by("closed_at")
    assert closed.count() == 4
    assert closed.last().closed_at - closed.first().closed_at > timedelta(days=30)
    assert all(member.joined_at < member.closed_at <= now for member in closed)
    views = models.AdView.objects.order_by("viewed_at")
    assert views.last().viewed_at <= now
    assert views.first().viewed_at < now - timedelta(days=400)
    months = {(view.year, view.month) for view in views.values_list("viewed_at", flat=True)}
    assert len(months) > 13


def test_nothing_happens_before_joining_or_after_leaving(now: datetime) -> None:
    load(count=60, seed=1, now=now)
    for view in models.AdView.objects.select_related("viewer"):
        assert view.viewer.joined_at <= view.viewed_at <= (view.viewer.closed_at or now)


def test_addresses_are_ones_that_nobody_has(now: datetime) -> None:
    load(count=20, seed=1, now=now)
    addresses = set(models.AdView.objects.values_list("ip", flat=True))
    assert all(address.startswith(("203.0.113.", "2001:db8:")) for address in addresses)
    assert any(":" in address for address in addresses)
    emails = get_user_model().objects.filter(member__isnull=False).values_list("email", flat=True)
    assert all(email.endswith("@example.org") for email in emails)


def test_queries_grow_with_batches_and_not_with_members(now: datetime) -> None:
    load(count=2, seed=1, now=now)
    counts = []
    for size in (20, 100):
        with CaptureQueriesContext(connection) as queries:
            load(count=size, seed=1, now=now)
        counts.append(len(queries))
    assert counts[1] < counts[0] * 2


def test_memory_does_not_grow_with_the_number_of_members(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "BATCH", 40)
    load(count=40, seed=1, now=now)
    peaks = []
    for size in (40, 240):
        tracemalloc.start()
        # What a batch leaves for the collector is collected, so that only what is held on to counts.
        load(count=size, seed=1, now=now, progress=lambda _done: gc.collect() and None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_a_member_who_can_sign_in_has_a_history_too(now: datetime) -> None:
    load(count=5, seed=1, now=now)
    done = load_one(username="member", password="member", seed=1, now=now)
    user = get_user_model().objects.get(username="member")
    assert user.check_password("member")
    assert user.is_active
    assert done.rows > 150
    assert models.Message.objects.filter(recipient=user).exists()


def test_the_command_says_what_it_made() -> None:
    out = StringIO()
    call_command("coop_load", 8, seed=3, stdout=out)
    assert out.getvalue().startswith("8 members (1 closed by the site, 1 suspended), ")
