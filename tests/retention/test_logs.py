"""Log files that expire: what was rotated goes whole, what is being written is told and never cut."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

from privacy import LogFile
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.datamap.registry import registry
from privacy.disposal.logs import files_of
from privacy.evidence.models import EvidenceEntry
from privacy.retention.models import Schedule
from privacy.retention.queries import horizon
from privacy.retention.services import change_period, pause_schedule, run_night, sync_schedules
from tests.host.models import PageView
from tests.host.privacy import PageViewData
from tests.retention.conftest import NIGHT
from tests.retention.test_schedules import promise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("approved")]
ACCESS = '203.0.113.7 - - [{:%d/%b/%Y:%H:%M:%S +0000}] "GET /2001-01-01 HTTP/1.1" 200 5\n'
DJANGO = "WARNING {:%Y-%m-%d %H:%M:%S},123 privacy: 203.0.113.7 was refused\n"
Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.BASE_DIR = tmp_path
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


@pytest.fixture
def write(folder: Path) -> Write:
    def write(name: str, begun: datetime | None, ended: datetime, *, form: str = DJANGO) -> Path:
        first = form.format(begun) if begun else "no stamp here\n"
        text = (first + "    a second line without one\n" + form.format(ended)).encode()
        path = folder / name
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        os.utime(path, (ended.timestamp(), ended.timestamp()))
        return path

    return write


def declare(now: datetime, *logs: str | LogFile, **changes: Any) -> None:
    registry.withdraw(PageView)
    registry.declare(PageView, type("PageViewData", (PageViewData,), {"log_files": logs, **changes}))
    sync_schedules(now=now, actor=NIGHT)


def ago(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)


def night(now: datetime, **words: Any) -> Any:
    return run_night(now=now, actor=NIGHT, step="retention.logs", **words)


def ledger(now: datetime, **params: Any) -> Status:
    promised = Promised("HVR-11-1", "Retention", "Logs end as well.", params=params)
    return live_checks.get("retention.logs_within_period").run(CheckContext(now, promised)).status


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- which files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "access.log.1",
        "access.log.12.gz",
        "access.log-20260101",
        "access.log-20260101.gz",
        "access.log.2026-01-01",
        "access.log.2026-01-01_23",
        "access-20260101.log",
        "access.1.log.xz",
    ],
)
def test_what_every_usual_rotation_makes_is_found(name: str, folder: Path, write: Write, now: datetime) -> None:
    write(name, ago(now, 400), ago(now, 399), form=ACCESS)
    declare(now, LogFile("logs/access.log", expires="P3M"))
    assert night(now).steps[0].counts["files"] == 1
    assert names(folder) == set()


@pytest.mark.parametrize(
    "name", ["access.log.important", "access.log.bak", "other.log.1", "my-access.log.1", "accesslog1"]
)
def test_other_files_of_the_folder_are_left_alone(name: str, folder: Path, write: Write, now: datetime) -> None:
    write(name, ago(now, 400), ago(now, 399))
    declare(now, LogFile("logs/access.log", expires="P3M"))
    night(now)
    assert names(folder) == {name}


def test_neither_folders_nor_symbolic_links_are_followed(folder: Path, write: Write, now: datetime) -> None:
    elsewhere = write("elsewhere.txt", ago(now, 400), ago(now, 400))
    (folder / "access.log.1").symlink_to(elsewhere)
    (folder / "access.log.2").mkdir()
    declare(now, LogFile("logs/access.log", expires="P3M"))
    night(now)
    assert names(folder) == {"access.log.1", "access.log.2", "elsewhere.txt"}


# --- which of them are over ----------------------------------------------------------------


@pytest.mark.parametrize("form", [ACCESS, DJANGO, '{{"time": "{:%Y-%m-%dT%H:%M:%SZ}"}}\n'])
def test_a_rotated_file_goes_whole_when_its_oldest_line_is_over(
    form: str, folder: Path, write: Write, now: datetime
) -> None:
    write("access.log", ago(now, 3), now, form=form)
    write("access.log.1", ago(now, 80), ago(now, 3), form=form)
    write("access.log.2.gz", ago(now, 95), ago(now, 80), form=form)
    write("access.log.3.gz", ago(now, 120), ago(now, 95), form=form)
    declare(now, LogFile("logs/access.log", expires="P3M"))
    assert ledger(now) is Status.BROKEN

    step = night(now).steps[0]

    assert (step.status, step.counts) == ("done", {"files": 2, "emptied": 0})
    assert names(folder) == {"access.log", "access.log.1"}
    assert ledger(now) is Status.KEPT
    entry = EvidenceEntry.objects.get(act="disposal.logs_expired")
    assert (entry.label, entry.counts) == ("host.PageView", {"files": 2, "emptied": 0})


def test_what_a_visitor_writes_dates_no_line(folder: Path, write: Write, now: datetime) -> None:
    write("access.log.1", ago(now, 2), ago(now, 1), form=ACCESS)  # its address bar said 2001-01-01
    declare(now, LogFile("logs/access.log", expires="P3M"))
    night(now)
    assert names(folder) == {"access.log.1"}


def test_without_stamps_a_file_is_younger_than_the_last_line_of_the_one_before(
    folder: Path, write: Write, now: datetime
) -> None:
    for name, days in (("a.log", 1), ("a.log.1", 30), ("a.log.2", 95), ("a.log.3", 100)):
        write(name, None, ago(now, days), form="no stamp\n")
    assert [file.began for file in files_of("logs/a.log", UTC)] == [  # type: ignore[arg-type]
        None,
        ago(now, 100),
        ago(now, 95),
        ago(now, 30),
    ]
    declare(now, LogFile("logs/a.log", expires="P3M"))
    night(now)
    assert names(folder) == {"a.log"}, "what was written behind a line of 95 days ago may hold one that old"


def test_a_file_that_crosses_its_end_before_the_next_night_goes_tonight(
    folder: Path, write: Write, now: datetime
) -> None:
    begun = Period.parse("P3M").cutoff(horizon(now), _calendar()) - timedelta(minutes=1)
    assert begun > Period.parse("P3M").cutoff(now, _calendar())
    write("a.log.1", begun, ago(now, 1))
    declare(now, LogFile("logs/a.log", expires="P3M"))
    night(now)
    assert names(folder) == set()


def _calendar() -> Any:
    from privacy.core.conf import settings

    return settings.calendar


# --- the live file -------------------------------------------------------------------------


def test_a_live_file_that_nobody_rotates_is_told_and_never_cut(folder: Path, write: Write, now: datetime) -> None:
    path = write("a.log", ago(now, 200), ago(now, 0.1))
    content = path.read_bytes()
    declare(now, LogFile("logs/a.log", expires="P3M"))

    step = night(now).steps[0]

    assert (step.status, step.error) == ("failed", "logs/a.log: it holds lines that are over, and is not rotated")
    assert path.read_bytes() == content
    assert ledger(now) is Status.BROKEN
    path.rename(folder / "a.log.1")  # what logrotate does
    assert night(now).steps[0].counts == {"files": 1, "emptied": 0}
    write("a.log", now, now)
    assert ledger(now) is Status.KEPT


def test_check_warns_of_a_live_file_that_nobody_rotates(write: Write, now: datetime) -> None:
    today = datetime.now(UTC)
    write("a.log", ago(today, 200), ago(today, 0.1))
    declare(now, LogFile("logs/a.log", expires="P3M"))
    assert "logs/a.log" in next(m.msg for m in run_checks(databases=["default"]) if m.id == "privacy.W303")
    write("a.log", ago(today, 2), ago(today, 0.1))
    assert not [m for m in run_checks(databases=["default"]) if m.id == "privacy.W303"]


def test_a_live_file_whose_last_line_is_over_is_emptied_and_its_writer_goes_on(
    folder: Path, write: Write, now: datetime
) -> None:
    path = write("a.log", ago(now, 200), ago(now, 100))
    with path.open("a") as writer:
        declare(now, LogFile("logs/a.log", expires="P3M"))
        assert night(now).steps[0].counts == {"files": 0, "emptied": 1}
        writer.write("a new line\n")
    assert path.read_text() == "a new line\n"


def test_a_log_whose_age_nothing_tells_is_neither_kept_nor_broken(write: Write, now: datetime) -> None:
    declare(now, LogFile("logs/a.log", expires="P3M"))
    assert ledger(now) is Status.CANNOT_TELL, "it is not on this machine"
    write("a.log", None, ago(now, 1), form="no stamp\n")
    assert ledger(now) is Status.CANNOT_TELL
    declare(now)
    assert ledger(now) is Status.CANNOT_TELL, "none is declared"


# --- which period ---------------------------------------------------------------------------


def test_a_log_goes_by_the_shortest_schedule_of_its_data_as_an_admin_set_it(
    folder: Path, write: Write, now: datetime
) -> None:
    declare(now, "logs/a.log")
    write("a.log.1", ago(now, 20), ago(now, 15))
    night(now)
    assert names(folder) == {"a.log.1"}, "the rows lose their address after 30 days, and so does the log"
    schedule = Schedule.objects.get(model="host.PageView", action="anonymise")
    change_period(schedule=schedule, period=Period.parse("P10D"), now=now, actor=NIGHT)
    night(now)
    assert names(folder) == set()


def test_no_log_outlives_what_the_text_promises_for_its_category(folder: Path, write: Write, now: datetime) -> None:
    declare(now, LogFile("logs/a.log", expires="P12M"))
    write("a.log.1", ago(now, 60), ago(now, 50))
    night(now)
    assert names(folder) == {"a.log.1"}
    promise("P1M", "ceiling", f"retention.{PageViewData.category}")
    assert ledger(now) is Status.BROKEN
    night(now)
    assert names(folder) == set()


def test_a_paused_schedule_keeps_its_log_and_the_promise_is_broken(folder: Path, write: Write, now: datetime) -> None:
    declare(now, "logs/a.log")
    write("a.log.1", ago(now, 900), ago(now, 800))
    for schedule in Schedule.objects.filter(model="host.PageView").expiries():
        pause_schedule(schedule=schedule, now=now, actor=NIGHT)
    night(now)
    assert names(folder) == {"a.log.1"}
    assert ledger(now) is Status.BROKEN


# --- nights --------------------------------------------------------------------------------


def test_a_preview_counts_and_removes_nothing(folder: Path, write: Write, now: datetime) -> None:
    write("a.log.1", ago(now, 400), ago(now, 399))
    declare(now, LogFile("logs/a.log", expires="P3M"))
    assert night(now, dry_run=True).steps[0].counts == {"files": 1, "emptied": 0}
    assert names(folder) == {"a.log.1"}
    assert not EvidenceEntry.objects.filter(act="disposal.logs_expired").exists()


def test_one_log_that_cannot_be_removed_is_told_and_keeps_none_of_the_others(
    folder: Path, write: Write, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.log.1", ago(now, 400), ago(now, 399))
    write("b.log.1", ago(now, 400), ago(now, 399))
    unlink = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self.name == "a.log.1":
            raise PermissionError(self)
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    declare(now, LogFile("logs/a.log", expires="P3M"), LogFile("logs/b.log", expires="P3M"))
    step = night(now).steps[0]
    assert step.error == "logs/a.log: 1 files could not be removed (PermissionError)"
    assert (step.counts["files"], names(folder)) == (1, {"a.log.1"})
    monkeypatch.undo()
    assert night(now + timedelta(days=1)).steps[0].status == "done"
    assert names(folder) == set()


# --- declarations and screen ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("logs", "changes", "code"),
    [
        (("a.log",), {"expires": ()}, "privacy.E111"),
        ((LogFile("a.log", expires="3 months"),), {}, "privacy.E111"),
        ((LogFile("a.log", expires="P0D"),), {}, "privacy.E111"),
        (("",), {}, "privacy.E106"),
        ((3,), {}, "privacy.E106"),
    ],
)
def test_check_names_a_log_file_that_nothing_ends(logs: Any, changes: Any, code: str) -> None:
    registry.withdraw(PageView)
    registry.declare(PageView, type("PageViewData", (PageViewData,), {"log_files": logs, **changes}))
    assert code in [message.id for message in run_checks(tags=["privacy"])]


def test_the_list_of_schedules_shows_every_log_and_what_tonight_takes(write: Write, client: Client) -> None:
    today = datetime.now(UTC)
    write("a.log", ago(today, 200), ago(today, 0.1))
    write("a.log.1", ago(today, 400), ago(today, 200))
    declare(today, LogFile("logs/a.log", expires="P3M"), LogFile("logs/b.log", expires="P1M"))
    client.force_login(get_user_model().objects.create_superuser("boss"))
    page = client.get(reverse("admin:privacy_schedule_changelist")).content.decode()
    assert "over, and not rotated" in page
    assert "not on this machine" in page
    assert "logs/b.log" in page


def test_check_names_a_log_whose_own_period_is_longer_than_promised(now: datetime) -> None:
    promise("P1M")
    declare(now, LogFile("logs/access.log", expires="P3M"))
    (problem,) = [
        one.msg for one in run_checks(databases=["default"]) if one.id == "privacy.E301" and "logs/" in one.msg
    ]
    assert problem == "logs/access.log: P3M may last longer than P1M, which §11 promises (X-1)."
    declare(now, LogFile("logs/access.log", expires="P2W"))
    assert not [one for one in run_checks(databases=["default"]) if one.id == "privacy.E301" and "logs/" in one.msg]
