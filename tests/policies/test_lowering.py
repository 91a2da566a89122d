"""Lowering what a published text promises: refused wherever a person can try, and possible by a new version."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from privacy.backups.models import RegisteredCopy
from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.policies.binding import binds_everybody_from
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.promises.models import ProfileTable, Promise
from privacy.promises.queries import section
from privacy.promises.services import WeakerThanPromised, check_promises
from privacy.retention.models import Schedule
from privacy.retention.services import change_period, sync_schedules
from tests.policies.conftest import PROFILE

DAY = timedelta(days=1)
NAME = "host.PageView:viewed_at:delete"
#: Page views are events; the host's own declaration says thirteen months.
EVENTS = (
    PROFILE
    + """
[retention.periods]
events = "P12M"

[[promise]]
id = "TST-3-1"
clause = "§3"
kind = "duty"
says = "Events go after thirteen months."
check = "retention.nothing_over_its_end"
figure = "P13M"
bound = "ceiling"
setting = "retention.events"
"""
)
TEXT = """# Privacy policy

## Events

Page views are kept for {{ promise "retention.events" }}.

## Backups

Backups are kept for {{ promise "backups.kept_for" }}. Write to privacy@example.org.
"""
SAID = "§3 &quot;Events&quot; of privacy.en.1 promises (TST-3-1)"


@pytest.fixture
def schedule(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> Schedule:
    """Page views, under a text that promises their end."""
    profile(EVENTS)
    published(TEXT)
    sync_schedules(now=now, actor=actor)
    return Schedule.objects.get(name=NAME)


# --- admin, API, services ---------------------------------------------------------------------


def test_a_schedule_that_would_be_weaker_is_refused_in_the_admin_the_api_and_the_service(
    schedule: Schedule, chief: Client, now: datetime, actor: Actor
) -> None:
    page = reverse("admin:privacy_schedule_change", args=[schedule.pk])
    Promise.objects.filter(code="TST-3-1").delete()  # the version binds though the profile were silent
    assert SAID in chief.post(page, {"period": "P14M"}).content.decode()
    answer = chief.patch(
        reverse("privacy_api:schedule", args=[schedule.pk]), {"period": "P14M"}, content_type="application/json"
    )
    assert answer.status_code == 409
    assert "of privacy.en.1 promises (TST-3-1)" in answer.content.decode()
    with pytest.raises(WeakerThanPromised, match=r"privacy\.en\.1"):
        change_period(schedule=schedule, period=Period.parse("P14M"), now=now, actor=actor)
    schedule.refresh_from_db()
    assert schedule.period == "P1Y"
    chief.post(page, {"period": "P6M"})
    schedule.refresh_from_db()
    assert schedule.period == "P6M"


def test_where_a_bound_setting_is_edited_the_page_says_what_binds_it(schedule: Schedule, chief: Client) -> None:
    page = chief.get(reverse("admin:privacy_schedule_change", args=[schedule.pk])).content.decode()
    form = page[page.index('name="period"') :]
    for word in ("§3 (TST-3-1): at most 13 months", "under “Events” of privacy.en.1"):
        assert word in form
    for name in ("backup", "registeredcopy"):
        page = chief.get(reverse(f"admin:privacy_{name}_changelist")).content.decode()
        assert "§2 (TST-2-1): at most 1 month" in page
        assert "under “Backups” of privacy.en.1" in page


def test_a_copy_elsewhere_that_is_kept_longer_is_not_registered(schedule: Schedule, tmp_path: Path) -> None:
    Promise.objects.filter(code="TST-2-1").delete()
    path = tmp_path / "copies.toml"
    path.write_text(
        '[[copy]]\nname = "offsite"\nkind = "restic"\nplace = "a cellar"\nregion = "EU"\nevery = "P1D"\n'
        'kept_for = "P2M"\nconfirmed_by = "the head of operations"\n',
        encoding="utf-8",
    )
    with pytest.raises(CommandError, match=r'§2 "Backups" of privacy\.en\.1 promises \(TST-2-1\)'):
        call_command("privacy_backup", register=path)


def test_the_version_says_what_it_binds_and_how_that_stands(schedule: Schedule, chief: Client) -> None:
    page = reverse("admin:privacy_policyversion_change", args=["privacy.en.1"])
    table = _table(chief.get(page).content.decode())
    for word in (
        "TST-3-1",
        "at most 13 months",
        "retention.events",
        "12 months",
        "kept",
        "TST-2-1",
        "backups.kept_for",
    ):
        assert word in table
    assert "weaker than the text" not in table
    ProfileTable.objects.filter(name="backups").update(table={"kept_for": "P2M"})
    table = _table(chief.get(page).content.decode())
    assert "2 months" in table
    assert "weaker than the text" in table


def test_german_staff_read_what_a_version_binds_in_german(schedule: Schedule, chief: Client, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"

    def page(name: str, *args: Any) -> str:
        return chief.get(reverse(f"admin:privacy_{name}", args=args)).content.decode()

    version = page("policyversion_change", "privacy.en.1")
    for word in ("Was diese Fassung bindet", "höchstens 13 Monate", "gehalten", "Veröffentlicht", "Zurückziehen …"):
        assert word in version
    assert "höchstens 1 Monat</td>" in version
    assert "(TST-2-1): höchstens 1 Monat" in page("backup_changelist")
    assert "unter „Events“ in privacy.en.1" in page("schedule_change", schedule.pk)


def _table(page: str) -> str:
    start = page.index("What this version binds")
    return page[start : page.index("</section>", start)]


def test_the_ledger_and_the_command_name_the_version_that_binds(
    schedule: Schedule, chief: Client, now: datetime, actor: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    check_promises(now=now, actor=actor)
    page = chief.get(reverse("admin:privacy_promise_changelist")).content.decode()
    assert "In force is privacy.en.1" in page
    assert "bound by privacy.en.1" in page
    call_command("privacy_promises")
    said = capsys.readouterr().out
    assert "in force is privacy.en.1" in said
    assert "The figure is bound by privacy.en.1" in said
    call_command("privacy_promises", json=True)
    assert json.loads(capsys.readouterr().out)["version"] == "privacy.en.1"


def test_the_api_says_which_version_binds_a_schedule_and_what_a_version_binds(
    schedule: Schedule, chief: Client
) -> None:
    found = chief.get(reverse("privacy_api:schedule", args=[schedule.pk])).json()
    (bound,) = found["bounds"]
    assert (bound["promise"], bound["version"], bound["heading"], bound["until"]) == (
        "TST-3-1",
        "privacy.en.1",
        "Events",
        None,
    )
    figures = chief.get(reverse("privacy_api:policy", args=["privacy.en.1"])).json()["figures"]
    events = next(one for one in figures if one["name"] == "retention.events")
    assert (events["promise"], events["setting"], events["bound"]) == ("TST-3-1", "retention.events", "ceiling")


# --- check ------------------------------------------------------------------------------------


def errors() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in run_checks(databases=["default"]):
        if message.id in ("privacy.E204", "privacy.E301", "privacy.E304"):
            found.setdefault(message.id, []).append(message.msg)
    return found


def test_check_names_a_schedule_that_somebody_wrote_into_the_table(schedule: Schedule) -> None:
    assert errors() == {}
    Schedule.objects.filter(pk=schedule.pk).update(period="P14M")
    assert list(errors()) == ["privacy.E304"]
    assert '§3 "Events" of privacy.en.1 promises (TST-3-1)' in errors()["privacy.E304"][0]
    Schedule.objects.filter(pk=schedule.pk).update(edited=True)
    assert sorted(errors()) == ["privacy.E204", "privacy.E304"]


def test_check_names_a_declaration_that_is_weaker_than_the_text(schedule: Schedule) -> None:
    """A declared period is code, and the profile's shorter one was all that kept it within the text."""
    ProfileTable.objects.filter(name="retention").update(table={})
    Promise.objects.filter(code="TST-3-1").update(figure="P12M")
    assert "privacy.E301" in errors()


def test_the_check_runs_with_a_database_and_says_nothing_before_the_first_migrate(db: None) -> None:
    assert errors() == {}


def test_check_names_a_copy_elsewhere_whose_rule_is_weaker_than_the_text(schedule: Schedule, now: datetime) -> None:
    """It was registered before the text promised anything, or somebody wrote it into the table."""
    copy = RegisteredCopy.objects.create(
        name="offsite",
        kind="restic",
        place="a cellar",
        region="EU",
        every="P1D",
        kept_for="P2M",
        confirmed_by="the head of operations",
        registered_at=now,
        changed_at=now,
    )
    (problem,) = errors()["privacy.E204"]
    assert 'P2M, and may last longer than P1M, which §2 "Backups" of privacy.en.1 promises' in problem
    RegisteredCopy.objects.filter(pk=copy.pk).update(kept_for="P2W")
    assert errors() == {}


# --- the live check ---------------------------------------------------------------------------


def ask(now: datetime) -> Any:
    promised = Promised("TST-9-1", "§9", "We keep to what we published.")
    return live_checks.get("policies.settings_within_text").run(CheckContext(now, promised))


def test_without_a_version_or_without_figures_the_check_cannot_tell(
    published: Callable[..., PolicyVersion], now: datetime
) -> None:
    assert ask(now).status == Status.CANNOT_TELL
    published("Write to privacy@example.org.")
    assert ask(now).status == Status.CANNOT_TELL


def test_a_setting_weaker_than_the_text_breaks_the_promise_and_the_right_one_mends_it(
    schedule: Schedule, now: datetime
) -> None:
    assert ask(now).status == Status.KEPT
    ProfileTable.objects.filter(name="backups").update(table={"kept_for": "P2M"})
    broken = ask(now)
    assert broken.status == Status.BROKEN
    assert '§2 "Backups" of privacy.en.1' in broken.why
    ProfileTable.objects.filter(name="backups").update(table={"kept_for": "P2W"})
    assert ask(now).status == Status.KEPT


def test_figures_that_somebody_changed_in_the_table_break_the_promise_and_the_right_ones_mend_it(
    database_in_hand: None, schedule: Schedule, now: datetime
) -> None:
    def write(figure: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE privacy_frozenbound SET figure = %s WHERE code = 'TST-2-1'", [figure])

    write("P9Y")
    broken = ask(now)
    assert broken.status == Status.BROKEN
    assert "privacy.en.1" in broken.why
    write("P1M")
    assert ask(now).status == Status.KEPT


# --- the whole story --------------------------------------------------------------------------


def test_a_figure_is_weakened_by_a_new_version_and_its_thirty_days(
    profile: Callable[..., None], chief: Client, tmp_path: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    """HVR-14-1: text and profile are changed by command and in the admin, and the old figure binds all the while."""
    notice = '\n[policies]\neffect = "notice"\nlead = "P30D"\n'
    text, old, new = tmp_path / "policy.md", tmp_path / "old.toml", tmp_path / "new.toml"
    text.write_text('# Backups\n\nKept for {{ promise "backups.kept_for" }}. privacy@example.org\n', encoding="utf-8")
    old.write_text(PROFILE + notice, encoding="utf-8")
    new.write_text(PROFILE.replace('"P1M"', '"P2M"') + notice, encoding="utf-8")

    def draft(*words: Any, **more: Any) -> PolicyDraft:
        call_command("privacy_policy", text, *words, **more)
        return PolicyDraft.objects.get()

    def publish(made: PolicyDraft) -> PolicyVersion:
        address = reverse("admin:privacy_policydraft_publish", args=[made.pk])
        chief.post(address, {"digest": draft_view(made).digest})
        version: PolicyVersion = PolicyVersion.objects.order_by("-number").first()  # type: ignore[assignment]
        return version

    with time_machine.travel(now, tick=False):
        call_command("privacy_profile", old)
        first = publish(draft())
        assert "Kept for 1 month" in first.text
        with pytest.raises(CommandError, match="Publish a version with the new figure first"):
            call_command("privacy_profile", new)

    with time_machine.travel(now + DAY, tick=False):
        made = draft(profile=new)
        page = chief.get(reverse("admin:privacy_policydraft_change", args=[made.pk])).content.decode()
        assert "new.toml" in page
        assert "2 months" in page
        words = {"form": "markdown", "text": made.text + "\nOne line more.\n", "note": "Longer."}
        chief.post(reverse("admin:privacy_policydraft_edit", args=[made.pk]), words)
        made.refresh_from_db()
        assert made.site["source"] == "new.toml"
        second = publish(made)
        assert "Kept for 2 months" in second.text

    until = binds_everybody_from(second)
    assert until > now + 30 * DAY
    with time_machine.travel(until - timedelta(minutes=1), tick=False):
        with pytest.raises(CommandError) as refusal:
            call_command("privacy_profile", new)
        for word in ("§2", '"Backups"', "privacy.en.1", f"{until:%Y-%m-%d %H:%M}"):
            assert word in str(refusal.value)
        assert section("backups").kept_for == Period.parse("P1M")
        page = chief.get(reverse("admin:privacy_backup_changelist")).content.decode()
        assert "of privacy.en.1, until" in page

    with time_machine.travel(until, tick=False):
        call_command("privacy_profile", new)
        assert section("backups").kept_for == Period.parse("P2M")
        assert ask(until).status == Status.KEPT
        page = chief.get(reverse("admin:privacy_policyversion_change", args=[first.pk])).content.decode()
        assert "It binds nothing now" in page
        with pytest.raises(CommandError, match=r"privacy\.en\.2"):
            call_command("privacy_profile", _changed(new, '"P2M"', '"P3M"'))
        call_command("privacy_profile", old)  # stricter than the text, at any time
    capsys.readouterr()


def _changed(path: Path, old: str, new: str) -> Path:
    other = path.with_name("third.toml")
    other.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return other
