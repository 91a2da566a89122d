"""Copies elsewhere at their doors: the admin's screens, and ``privacy_backup --register`` and ``--destroyed``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command, load_command_class
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from privacy.backups.models import Backup, RegisteredCopy
from privacy.core.registries import desk_cards
from privacy.evidence.models import EvidenceDetail
from tests.backups.conftest import COPY, RULE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dumps")]
Register = Callable[..., None]
Declare = Callable[..., Path]
LIST = "admin:privacy_registeredcopy_changelist"
END = datetime(2026, 3, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def signed_in(db: None, client: Client) -> Callable[..., Client]:
    """A member of staff with exactly these permissions."""

    def sign_in(*codenames: str) -> Client:
        user = get_user_model().objects.create_user("clerk", "clerk@example.org", "pw", is_staff=True)
        chosen = Permission.objects.filter(content_type__app_label="privacy", codename__in=codenames)
        assert chosen.count() == len(codenames)
        user.user_permissions.set(chosen)
        client.force_login(user)
        return client

    return sign_in


def address(what: str) -> str:
    return reverse(f"admin:privacy_registeredcopy_{what}", args=[RegisteredCopy.objects.get().pk])


# --- screens -----------------------------------------------------------------------------------


def test_the_list_shows_age_against_the_promise_and_what_each_is(
    one_month: None, register: Register, signed_in: Callable[..., Client], now: datetime
) -> None:
    register()
    register(RULE)
    with time_machine.travel(now, tick=False):
        page = signed_in("view_registeredcopy").get(reverse(LIST)).content.decode()
    assert "<meter" in page
    assert "6 days" in page
    assert "each up to 14 days" in page
    assert "copy by the host" in page
    assert "a safe in the second office" in page
    assert "over age" not in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("base", "facts"),
    [
        (COPY, {"kept_for": "P1D"}),
        (COPY, {"taken_at": datetime(2026, 2, 1, tzinfo=UTC), "kept_for": "P2M"}),
        (RULE, {"kept_for": "P2M"}),
    ],
)
def test_what_breaks_the_promise_is_marked_in_the_list(
    one_month: None,
    register: Register,
    signed_in: Callable[..., Client],
    now: datetime,
    base: dict[str, Any],
    facts: dict[str, Any],
) -> None:
    register(base, **facts)
    with time_machine.travel(now, tick=False):
        assert "over age" in signed_in("view_registeredcopy").get(reverse(LIST)).content.decode()


def test_the_list_can_be_narrowed_to_what_is_held(
    one_month: None, register: Register, signed_in: Callable[..., Client], now: datetime
) -> None:
    register()
    register(RULE)
    RegisteredCopy.objects.filter(name="offsite").update(destroyed_at=now)
    client = signed_in("view_registeredcopy")
    held = client.get(reverse(LIST), {"destroyed_at__isnull": "True"}).content.decode()
    ended = client.get(reverse(LIST), {"destroyed_at__isnull": "False"}).content.decode()
    assert ("copy by the host" in held, "offsite" in held) == (True, False)
    assert ("copy by the host" in ended, "gone since March 16, 2026" in ended) == (False, True)


def test_an_empty_list_says_how_to_register(one_month: None, signed_in: Callable[..., Client]) -> None:
    assert "privacy_backup --register FILE" in signed_in("view_registeredcopy").get(reverse(LIST)).content.decode()


def test_the_backups_screen_counts_copies_and_raises_their_alarm(
    one_month: None, register: Register, signed_in: Callable[..., Client]
) -> None:
    register()
    register(RULE)
    client = signed_in("view_backup", "view_registeredcopy")
    with time_machine.travel(END, tick=False):
        page = client.get(reverse("admin:privacy_backup_changelist")).content.decode()
    assert "1 past its end" in page
    assert "nobody confirmed that it was" in page
    assert reverse(LIST) in page


def test_the_backups_screen_links_to_nothing_that_is_refused(
    one_month: None, register: Register, signed_in: Callable[..., Client]
) -> None:
    register(RULE)
    client = signed_in("view_backup")
    assert reverse(LIST) not in client.get(reverse("admin:privacy_backup_changelist")).content.decode()
    assert client.get(reverse(LIST)).status_code == 403


def test_the_desks_card_names_copies_past_their_end(one_month: None, register: Register) -> None:
    register()
    register(RULE)
    card = desk_cards.get("backups")
    html = render_to_string(card.template, dict(card.context(END)))
    assert "2 copies or rules of copies elsewhere" in html
    assert "1 is past its end" in html


def test_facts_are_read_only_for_everybody(
    register: Register, client: Client, signed_in: Callable[..., Client]
) -> None:
    register()
    client.force_login(get_user_model().objects.create_superuser("root", "root@example.org", "pw"))
    page = client.get(address("change"))
    assert page.status_code == 200
    assert b'name="_save"' not in page.content
    assert client.post(address("change"), {"name": "x"}).status_code == 403
    assert client.post(address("delete")).status_code == 403
    assert client.get(reverse("admin:privacy_registeredcopy_add")).status_code == 403


def test_the_end_is_confirmed_with_its_permission_by_a_post(
    one_month: None, register: Register, signed_in: Callable[..., Client]
) -> None:
    register()
    client = signed_in("view_registeredcopy", "confirm_destruction")
    with time_machine.travel(END, tick=False):
        page = client.get(address("change")).content.decode()
        assert "Confirm its destruction" in page
        assert "counts as broken" in page
        for method in (client.get, client.put, client.delete):
            assert method(address("destroyed")).status_code == 405
        assert RegisteredCopy.objects.get().destroyed_at is None
        page = client.post(address("destroyed"), follow=True).content.decode()
    assert "recorded in the evidence" in page
    assert "Confirm its destruction" not in page
    assert RegisteredCopy.objects.get().destroyed_at == END
    detail = EvidenceDetail.objects.get(entry__act="backups.copy_destroyed")
    assert detail.actor_key == str(get_user_model().objects.get().pk)
    assert "confirmed before" in client.post(address("destroyed"), follow=True).content.decode()


@pytest.mark.parametrize("codenames", [("view_registeredcopy",), ("confirm_destruction",), ("view_backup",)])
def test_nobody_else_confirms_an_end(
    register: Register, signed_in: Callable[..., Client], codenames: tuple[str, ...]
) -> None:
    register()
    client = signed_in(*codenames)
    assert client.post(address("destroyed")).status_code == 403
    assert RegisteredCopy.objects.get().destroyed_at is None
    if "view_registeredcopy" in codenames:
        assert "Confirm its destruction" not in client.get(address("change")).content.decode()


def test_a_form_of_another_site_confirms_nothing(register: Register) -> None:
    register()
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("root", "root@example.org", "pw"))
    assert client.post(address("destroyed")).status_code == 403
    assert RegisteredCopy.objects.get().destroyed_at is None


def test_a_copy_that_is_not_there_is_not_found(signed_in: Callable[..., Client]) -> None:
    client = signed_in("view_registeredcopy", "confirm_destruction")
    assert client.post(reverse("admin:privacy_registeredcopy_destroyed", args=[9999])).status_code == 404
    assert client.get(reverse("admin:privacy_registeredcopy_change", args=[9999])).status_code == 302


# --- the command -------------------------------------------------------------------------------


def run(*words: object) -> str:
    out = StringIO()
    call_command("privacy_backup", *map(str, words), stdout=out)
    return out.getvalue()


def test_a_file_is_registered_from_a_shell_and_no_dump_is_taken(declare: Declare, dumps: Path) -> None:
    path = declare(COPY, RULE)
    report = json.loads(run("--register", path, "--json"))
    assert [(copy["name"], copy["state"], copy["kept_for"]) for copy in report["copies"]] == [
        ("offsite", "registered", "P14D"),
        ("snapshots", "registered", "P14D"),
    ]
    assert run("--register", path).splitlines() == [
        "offsite (pg_dump): unchanged, gone by March 24, 2026",
        "snapshots (host): unchanged, each kept for P14D at most",
    ]
    assert list(dumps.iterdir()) == []
    assert not Backup.objects.exists()


def test_a_wrong_file_exits_with_1_and_every_fault(declare: Declare) -> None:
    path = declare({**COPY, "kind": "tape", "region": ""})
    with pytest.raises(CommandError, match=r"kind: .*\n.*region: ") as caught:
        run("--register", path)
    assert caught.value.returncode == 1
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("privacy_backup", "--register", str(path), "--json", stdout=out)
    error = json.loads(out.getvalue())["error"]
    assert [fault["key"] for fault in error["faults"]] == ["kind", "region"]
    assert all(fault["mend"] for fault in error["faults"])


def test_an_end_is_confirmed_from_a_shell(declare: Declare) -> None:
    with time_machine.travel(END + timedelta(days=1), tick=False):
        run("--register", declare(COPY, RULE))
        out = run("--destroyed", "offsite")
        assert out == "offsite (pg_dump): destruction confirmed, late: it had to be gone by March 24, 2026\n"
        report = json.loads(run("--destroyed", "snapshots", "--json"))
    assert (report["name"], report["late"], report["gone_by"]) == ("snapshots", False, None)
    assert not RegisteredCopy.objects.held().exists()
    assert EvidenceDetail.objects.filter(entry__act="backups.copy_destroyed", actor_kind="command").count() == 2
    for name, why in (("offsite", "confirmed before"), ("nothing", "no copy of this name")):
        with pytest.raises(CommandError, match=why) as caught:
            run("--destroyed", name)
        assert caught.value.returncode == 1


@pytest.mark.parametrize("what", [("--register", "copies.toml"), ("--destroyed", "offsite")])
@pytest.mark.parametrize("how", ["--compress", "--encrypt"])
def test_how_a_dump_is_written_does_not_go_with_copies(what: tuple[str, str], how: str, dumps: Path) -> None:
    with pytest.raises(CommandError, match="belong to a dump") as caught:
        run(*what, how)
    assert caught.value.returncode == 2
    assert list(dumps.iterdir()) == []


@pytest.mark.parametrize(
    "words", [("--register", "copies.toml", "--destroyed", "offsite"), ("--register",), ("--destroyed",)]
)
def test_words_that_cannot_be_read_exit_with_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    command: Any = load_command_class("privacy", "privacy_backup")
    command._called_from_command_line = True
    with pytest.raises(SystemExit) as end:
        command.create_parser("manage.py", "privacy_backup").parse_args(list(words))
    assert end.value.code == 2
    assert words[0] in capsys.readouterr().err
