"""The Backups screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.template.loader import render_to_string
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from privacy.backups import services
from privacy.backups.models import Backup
from privacy.core.actors import Actor
from privacy.core.registries import desk_cards
from tests.backups.conftest import Unlistable

Put = Callable[..., str]
LIST = "admin:privacy_backup_changelist"
pytestmark = pytest.mark.usefixtures("dumps")


@pytest.fixture
def signed_in(db: None, client: Client) -> Callable[..., Client]:
    """A member of staff with exactly these permissions."""

    def sign_in(*codenames: str) -> Client:
        user = get_user_model().objects.create_user("clerk", "clerk@example.org", "pw", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="privacy", codename__in=codenames))
        client.force_login(user)
        return client

    return sign_in


def test_the_screen_shows_ages_ends_size_and_the_last_scan(
    put: Put, one_month: None, signed_in: Callable[..., Client], actor: Actor
) -> None:
    now = timezone.now()
    stamp = timezone.localtime(now - timedelta(days=10)).strftime("%Y-%m-%d-%H%M%S")
    name = put(f"default-server-{stamp}.dump")
    services.reconcile(now=now, actor=actor)
    page = signed_in("view_backup").get(reverse(LIST)).content.decode()
    assert name in page
    assert "<meter" in page
    assert "10 days" in page
    assert "4 bytes in all" in page.replace("\xa0", " ")
    assert "style=" not in page
    assert "Scan now" not in page
    assert "Take a backup now" not in page


def test_the_alarm_and_a_failed_scan_stand_above_the_list(
    put: Put,
    one_month: None,
    use_storage: Callable[..., None],
    signed_in: Callable[..., Client],
    now: datetime,
    actor: Actor,
) -> None:
    put("default-server-2026-02-18-033000.dump")  # gone by 18 March
    services.reconcile(now=now, actor=actor)
    use_storage(Unlistable)
    services.reconcile(now=now, actor=actor)
    with time_machine.travel(now):
        page = signed_in("view_backup").get(reverse(LIST)).content.decode()
    assert "there is no newer one" in page
    assert "cannot be listed" in page


def test_without_a_promise_the_screen_says_that_nothing_is_deleted(
    put: Put, signed_in: Callable[..., Client], actor: Actor
) -> None:
    put("copy.sql")
    services.reconcile(now=timezone.now(), actor=actor)
    page = signed_in("view_backup").get(reverse(LIST)).content.decode()
    assert "No period is promised" in page


def test_an_empty_register_says_so(one_month: None, signed_in: Callable[..., Client]) -> None:
    assert "No file was found" in signed_in("view_backup").get(reverse(LIST)).content.decode()


def test_rows_are_read_only(put: Put, one_month: None, signed_in: Callable[..., Client], actor: Actor) -> None:
    put("copy.sql")
    services.reconcile(now=timezone.now(), actor=actor)
    client = signed_in("view_backup", "scan_backups", "take_backup")
    row = Backup.objects.get()
    page = client.get(reverse("admin:privacy_backup_change", args=[row.pk]))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert client.post(reverse("admin:privacy_backup_delete", args=[row.pk])).status_code == 403
    assert client.get(reverse("admin:privacy_backup_add")).status_code == 403


def test_scan_now_needs_its_permission_and_a_post(put: Put, one_month: None, signed_in: Callable[..., Client]) -> None:
    put("copy.sql")
    url = reverse("admin:privacy_backup_scan")
    client = signed_in("view_backup", "scan_backups")
    assert client.get(url).status_code == 405
    page = client.post(url, follow=True).content.decode()
    assert "1 file lies there, 1 of them new" in page
    assert "Scan now" in page
    assert Backup.objects.count() == 1


@pytest.mark.parametrize("name", ["scan", "take"])
def test_the_buttons_are_refused_to_others(signed_in: Callable[..., Client], dumps: Path, name: str) -> None:
    assert signed_in("view_backup").post(reverse(f"admin:privacy_backup_{name}")).status_code == 403
    assert list(dumps.iterdir()) == []


def test_a_scan_that_sees_nothing_tells_why(
    use_storage: Callable[..., None], signed_in: Callable[..., Client], one_month: None
) -> None:
    use_storage(Unlistable)
    client = signed_in("view_backup", "scan_backups")
    assert "cannot be listed" in client.post(reverse("admin:privacy_backup_scan"), follow=True).content.decode()


def test_a_folder_that_holds_other_things_is_refused_on_the_screen_with_the_mend(
    settings: Any, dumps: Path, signed_in: Callable[..., Client], one_month: None, actor: Actor
) -> None:
    settings.MEDIA_ROOT = str(dumps / "uploads")
    client = signed_in("view_backup", "scan_backups")
    page = client.post(reverse("admin:privacy_backup_scan"), follow=True).content.decode()
    assert "its folder also holds MEDIA_ROOT" in page
    assert "Give the backups a folder of their own" in page
    assert "The last scan did not see everything" in client.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("name", ["scan", "take"])
def test_a_form_of_another_site_cannot_press_a_button(one_month: None, dumps: Path, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("root", "root@example.org", "pw"))
    assert client.post(reverse(f"admin:privacy_backup_{name}")).status_code == 403
    assert list(dumps.iterdir()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_take_a_backup_now_takes_one(transactional_db: None, client: Client, dumps: Path, one_month: None) -> None:
    client.force_login(get_user_model().objects.create_superuser("root", "root@example.org", "pw"))
    page = client.post(reverse("admin:privacy_backup_take"), {"compress": "on"}, follow=True).content.decode()
    assert "1 backup was taken" in page
    row = Backup.objects.get()
    assert (row.compressed, row.encrypted, (dumps / row.name).exists()) == (True, False, True)
    page = client.post(reverse("admin:privacy_backup_take"), {"encrypt": "on"}, follow=True).content.decode()
    assert "DBBACKUP_GPG_RECIPIENT" in page


def test_taking_a_backup_runs_outside_of_a_transaction_around_the_request() -> None:
    view: Any = resolve(reverse("admin:privacy_backup_take")).func
    assert view._non_atomic_requests == {"default"}


def test_the_list_can_be_narrowed_to_one_state(
    put: Put, dumps: Path, one_month: None, signed_in: Callable[..., Client], actor: Actor
) -> None:
    put("copy.sql")
    services.reconcile(now=timezone.now(), actor=actor)
    client = signed_in("view_backup")
    assert "copy.sql" in client.get(reverse(LIST), {"status__exact": "present"}).content.decode()
    page = client.get(reverse(LIST), {"status__exact": "failed"}).content.decode()
    assert "copy.sql" not in page
    assert "None is in this state" in page


def test_a_failure_stands_in_the_list_with_its_reason(
    put: Put, one_month: None, signed_in: Callable[..., Client], actor: Actor
) -> None:
    put("copy.sql")
    services.reconcile(now=timezone.now(), actor=actor)
    Backup.objects.update(status="failed", error="PermissionError: Permission denied")
    assert "PermissionError: Permission denied" in signed_in("view_backup").get(reverse(LIST)).content.decode()


def test_the_desks_card_counts_what_breaks_the_promise(put: Put, one_month: None, now: datetime, actor: Actor) -> None:
    put("default-server-2026-02-10-033000.dump")
    put("default-server-2026-03-15-033000.dump")
    services.reconcile(now=now, actor=actor)
    card = desk_cards.get("backups")
    html = render_to_string(card.template, dict(card.context(now)))
    assert "2 files" in html
    assert "1 is older than promised" in html
    assert card.permission == "privacy.view_backup"
