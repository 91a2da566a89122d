"""A site with a past, so that every screen has something to show."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from privacy.backups.models import Backup, BackupStorage, RegisteredCopy
from privacy.consent.models import Choice
from privacy.consent.people import Person
from privacy.consent.queries import served
from privacy.consent.services import decide, object_to, restrict
from privacy.core.actors import Actor
from privacy.core.pseudonyms import pseudonym
from privacy.disposal.models import Closure, Hold, StoreReceipt
from privacy.evidence.sealing import seal
from privacy.promises.models import PromiseRun
from privacy.promises.services import check_promises, load_profile
from privacy.retention.models import Approval, NightRun, NightStepRun
from privacy.retention.services import sync_schedules

PROFILE = Path(__file__).resolve().parents[2] / "project" / "profiles" / "harvest.toml"
DAY = timedelta(days=1)


def furnish(*, now: datetime, staff: Any) -> None:
    actor = Actor.staff(staff)
    load_profile(path=PROFILE, now=now - 30 * DAY, actor=actor)
    sync_schedules(now=now, actor=actor)
    for back in range(25, 0, -1):
        PromiseRun.objects.create(
            site="HTC",
            checked_at=now - back * DAY,
            asked_by="night",
            kept=6 + (25 - back) // 4,
            broken=2 if 8 < back < 13 else back % 7 == 0,
            cannot_tell=max(0, 8 - (25 - back) // 4),
        )
    check_promises(now=now, actor=actor)
    _closures(now)
    _nights(now)
    _backups(now)
    _holds(now)
    _consents(now, actor)
    seal(now=now, actor=actor)


def _consents(now: datetime, actor: Actor) -> None:
    words = served(["interests", "outside-login"], language="en")
    for number in range(12):
        person = Person(address=f"reader{number}@example.org") if number % 3 else Person(user_key=str(9_000 + number))
        for code, wording in words.items():
            choice = Choice.REFUSED if (number + len(code)) % 4 == 0 else Choice.GIVEN
            said: dict[str, Any] = {"wording": wording, "language": "en", "actor": actor, "surface": "mail"}
            decide(person=person, purpose=code, choice=choice, now=now - number * DAY, **said)
    said = {"surface": "mail", "now": now - DAY, "actor": actor}
    object_to(person=Person(address="reader1@example.org"), purpose="improvement", **said)
    restrict(person=Person(address="reader2@example.org"), ground="accuracy", **said)


def _closures(now: datetime) -> None:
    steps = [
        {"model": "host.PageView", "action": "delete", "rows": 18_412, "files": 0},
        {"model": "host.Upload", "action": "delete", "rows": 3, "files": 3},
        {"model": "host.Order", "action": "anonymise", "rows": 12, "files": 0},
        {"model": "auth.User", "action": "delete", "rows": 1, "files": 0},
    ]
    kept = [{"model": "host.Order", "rows": 12, "ground": "tax law, 10 years", "until": (now + 3650 * DAY).isoformat()}]
    errors = [
        "host.Upload.file: a file could not be removed (PermissionError)",
        "host.Review.author: the row that stands in for erased people does not exist. Create it, or name another.",
    ]
    shapes: dict[str, dict[str, Any]] = {
        "done": {"finished_at": now - DAY, "erased_at": now - DAY, "steps": steps, "kept": kept},
        "partial": {"steps": steps[:2], "errors": errors, "attempts": 3},
        "scheduled": {"due_at": now + 40 * DAY},
        "cut_off": {},
        "held": {"erased_at": None},
        "cancelled": {"finished_at": now},
    }
    for number, (status, extra) in enumerate(shapes.items(), start=9001):
        values: dict[str, Any] = {
            "subject_key": "" if status in ("done", "cancelled") else str(number),
            "pseudonym": pseudonym("subject", str(number)),
            "status": status,
            "channel": ("page", "admin", "command", "take_over", "retention", "orm")[number % 6],
            "requested_by": "member",
            "closed_at": now - 2 * DAY,
            "due_at": now - DAY,
            "cut_off_at": None if status in ("scheduled", "cancelled") else now - 2 * DAY,
            "backups_until": now + 30 * DAY,
            **extra,
        }
        _receipts(Closure.objects.create(**values), now)


def _receipts(closure: Closure, now: datetime) -> None:
    """A search index that confirms, a mailer that fails, and a customer system that nobody declares any more."""
    if closure.status not in ("done", "partial"):
        return
    answers: dict[str, dict[str, Any]] = {
        "search": {"answer": "confirmed", "verified_at": now - DAY},
        "newsletter_provider": {"answer": "refused", "error": "ConnectionRefusedError"},
        "former_crm": {"answer": "undeclared"},
    }
    for store, values in answers.items():
        if closure.status == "done":
            values = {"answer": "confirmed", "verified_at": now - DAY}
        StoreReceipt.objects.create(
            closure=closure, store=store, opened_at=now - 2 * DAY, asked_at=now - DAY, attempts=2, **values
        )


def _nights(now: datetime) -> None:
    for back, status in ((3, "done"), (2, "failed"), (1, "done"), (0, "awaiting_approval")):
        began = now - back * DAY - timedelta(hours=5)
        night = NightRun.objects.create(
            status=status,
            as_of=began,
            horizon=began + DAY,
            created_at=began,
            started_at=began,
            finished_at=began + timedelta(minutes=3, seconds=20),
            asked_by="night",
        )
        for order, (name, title, step_status) in enumerate(
            (
                ("disposal.closures", "Close and erase accounts", "done"),
                ("retention.expiry", "Remove what is past its end", "failed" if status == "failed" else "done"),
                ("promises.check", "Check the promises", "done"),
            )
        ):
            NightStepRun.objects.create(
                run=night,
                name=name,
                order=order,
                title=title,
                destroys=order < 2,
                status=step_status,
                counts={"accounts": 12, "rows": 18_412, "files": 7},
                error="OperationalError" if step_status == "failed" else "",
                started_at=began,
                finished_at=began + timedelta(seconds=66 * (order + 1)),
            )
    Approval.objects.create(
        reasons=["large"],
        run=night,
        counts={"disposal.closures": {"accounts": 240}, "retention.expiry": {"rows": 91_000}},
        accounts=240,
        total_accounts=2_000,
        asked_at=now,
    )


def _backups(now: datetime) -> None:
    BackupStorage.objects.create(alias="dbbackup", scanned_at=now, tried_at=now)
    for back in (1, 9, 20, 29, 45):
        Backup.objects.create(
            storage="dbbackup",
            name=f"default-{now - back * DAY:%Y-%m-%d-%H%M%S}.dump.gz",
            kind="database",
            status="failed" if back == 45 else "present",
            error="PermissionError" if back == 45 else "",
            source="scan",
            taken_at=now - back * DAY,
            size=48_000_000 + back * 1_000,
            compressed=True,
            first_seen_at=now - back * DAY,
            last_seen_at=now,
        )
    for name, back in (("test-server-of-last-month", 40), ("offsite", 5), ("snapshots", 0)):
        RegisteredCopy.objects.create(
            name=name,
            kind="test_copy" if back == 40 else "host",
            place="a safe in the second office",
            region="EU",
            taken_at=now - back * DAY if back else None,
            ends_at=now - (back - 14) * DAY if back else None,
            every="" if back else "P1D",
            kept_for="P14D",
            confirmed_by="the head of operations",
            registered_at=now,
            changed_at=now,
        )


def _holds(now: datetime) -> None:
    """One in force, one whose review is overdue, one past its end, one of everybody, one released."""
    shapes: list[dict[str, Any]] = [
        {"case": "2026/K-17", "ground": "litigation", "subject_key": "9005"},
        {"case": "2026/K-17", "ground": "litigation", "subject_key": "9003", "categories": ["messages", "uploads"]},
        {"case": "12 O 345/26", "ground": "dispute", "subject_key": "9004", "review_at": now - DAY},
        {"ground": "law", "scope": "category", "categories": ["purchases"], "review_at": now + 5 * DAY},
        {"ground": "archive", "subject_key": "9001", "review_at": now - 9 * DAY, "ends_at": now - 2 * DAY},
        {"case": "7/25", "ground": "law", "released_at": now - 3 * DAY},
    ]
    for shape in shapes:
        dates = {"placed_at": now - 40 * DAY, "review_at": now + 60 * DAY, "ends_at": now + 200 * DAY}
        Hold.objects.create(**{"scope": "person", **dates, **shape})
