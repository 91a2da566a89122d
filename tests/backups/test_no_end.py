"""Where backups hold somebody and no end is promised, no screen and no command shows the year 9999."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from privacy.core.periods import NO_END
from privacy.core.registries import providers
from privacy.disposal.models import Closure

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_end_is_promised() -> Iterator[None]:
    former = providers.get("last_backup_date")
    providers.remove("last_backup_date")
    providers.add("last_backup_date", lambda *, now: NO_END)
    yield
    providers.remove("last_backup_date")
    providers.add("last_backup_date", former)


def test_the_command_says_it_in_words() -> None:
    get_user_model().objects.create_user("leaving")
    said = StringIO()
    call_command("privacy_close", "leaving", stdout=said)
    assert "no end is promised" in said.getvalue()
    assert "9999" not in said.getvalue()


def test_the_closure_s_screen_says_it_in_words(admin_client: Client, now: datetime) -> None:
    closure = Closure.objects.create(
        pseudonym="p", channel="page", requested_by="member", closed_at=now, due_at=now, status="done"
    )
    url: Any = reverse("admin:privacy_closure_change", args=[closure.pk])
    assert "no end is promised" not in admin_client.get(url).content.decode()
    Closure.objects.update(backups_until=NO_END)
    html = admin_client.get(url).content.decode()
    assert "no end is promised" in html
    assert "9999" not in html
