"""Rows for everything that the API shows, as many as a test wants."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from privacy.backups.models import Backup, RegisteredCopy
from privacy.consent.models import Choice, ConsentRecord, Flag, Purpose
from privacy.consent.people import Person
from privacy.consent.services import add_purpose, add_wording, decide
from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.core.registries import Status
from privacy.disposal.models import Closure, Hold, StoreReceipt
from privacy.evidence.models import EvidenceEntry, Seal
from privacy.evidence.services import record
from privacy.messages.models import Mailing, OutboxMessage, Suppression
from privacy.policies.acceptance.models import Event, Kind
from privacy.policies.acceptance.whom import Whom
from privacy.policies.acceptance.writing import Said, write
from privacy.policies.models import PolicyDocument, PolicyVersion
from privacy.promises.models import ProfileTable, Promise, PromiseResult, PromiseRun, SiteFacts
from privacy.retention.models import NightRun, NightStepRun, Schedule

HOUR, MONTH = timedelta(hours=1), timedelta(days=30)


def plant(now: datetime, *, rows: int, of: str = "") -> None:
    """Plant so many of each; may be called again. Where a row is somebody's, it is ``of`` this account key."""
    _promises(now, rows)
    _backups(now, rows)
    _nights(now, rows)
    _schedules(now, rows)
    _closures(now, rows, of)
    _evidence(now, rows)
    _messages(now, rows)
    _consents(now, rows, of)
    _policies(now, rows)
    _acceptances(now, rows, of)


def sample(operation: str) -> dict[str, Any]:
    """What the address of an operation needs, of a row that was planted last."""
    if operation == "policy":
        return {"key": PolicyVersion.objects.order_by("pk").values_list("pk", flat=True)[0]}
    if operation == "promises_findings":
        return {"id": "EXA-1.1-1"}
    if operation == "messages_list":
        return {"channel": "phone", "topic": "offers"}
    if operation in ("consent_answer", "consent_withdraw"):
        return {"code": "news1"}
    if operation == "consent_receipt":
        return {"id": ConsentRecord.objects.order_by("pk").last().reference}  # type: ignore[union-attr]
    model: Any = {
        "consent_lift": Flag,
        "consent_decide": Flag,
        "account_closure": Closure,
        "backup": Backup,
        "backups_copy_confirm": RegisteredCopy.objects.held(),
        "closure": Closure,
        "evidence_entry": EvidenceEntry,
        "hold": Hold,
        "messages_mailing": Mailing,
        "messages_mailing_pause": Mailing,
        "messages_mailing_resume": Mailing,
        "messages_outbox_decide": OutboxMessage,
        "messages_outbox_message": OutboxMessage,
        "night": NightRun,
        "schedule": Schedule.objects.filter(kind="expiry"),
        "schedule_pause": Schedule,
        "schedule_resume": Schedule,
    }.get(operation)
    if model is None:
        return {}
    return {"id": getattr(model, "objects", model).order_by("pk").last().pk}


def _promises(now: datetime, rows: int) -> None:
    facts = {"code": "EXA", "name": "Example", "source": "example.toml", "fingerprint": "f", "loaded_at": now}
    SiteFacts.objects.update_or_create(id=1, defaults=facts)
    ProfileTable.objects.update_or_create(name="backups", defaults={"table": {"kept_for": "P1M"}})
    Promise.objects.all().delete()
    for number in range(rows):
        Promise.objects.create(
            position=number,
            code=f"EXA-{number}.1-1",
            clause=f"§{number}",
            kind="duty",
            says="We tidy up.",
            checks=["backups.none_over_age"],
            figure="P13M",
            bound="ceiling",
            setting=f"retention.category{number}",
        )
    for number in range(rows):
        run = PromiseRun.objects.create(
            site="EXA", fingerprint="f", checked_at=now + timedelta(hours=number), asked_by="night", kept=rows
        )
        PromiseResult.objects.bulk_create(
            PromiseResult(
                run=run,
                position=position,
                code=f"EXA-{position}.1-1",
                says="We tidy up.",
                check_names="house.tidy",
                status=Status.KEPT.value,
                why="It is tidy.",
                since=now,
            )
            for position in range(rows)
        )


def _backups(now: datetime, rows: int) -> None:
    for number in range(rows):
        word, taken = uuid.uuid4().hex, now - HOUR * number
        Backup.objects.create(
            storage="dbbackup",
            name=f"{word}.dump",
            kind="database",
            taken_at=taken,
            first_seen_at=now,
            last_seen_at=now,
        )
        facts = {"place": "the cellar", "region": "EU", "kept_for": "P1M", "confirmed_by": "the host"}
        ends = {"every": "P1D"} if number % 2 else {"taken_at": taken, "ends_at": now + MONTH}
        RegisteredCopy.objects.create(name=word, kind="restic", registered_at=now, changed_at=now, **facts, **ends)


def _nights(now: datetime, rows: int) -> None:
    for number in range(rows):
        night = NightRun.objects.create(
            status="done", as_of=now - HOUR * number, horizon=now, created_at=now, asked_by="system beat"
        )
        for order in range(rows):
            NightStepRun.objects.create(run=night, name=f"step{order}", order=order, title="Tidy", counts={"rows": 1})


def _schedules(now: datetime, rows: int) -> None:
    for number in range(rows):
        Schedule.objects.create(
            name=f"host.PageView {uuid.uuid4().hex}",
            kind="expiry" if number % 2 else "keep",
            model="host.PageView",
            category=f"category{number}",
            start="viewed_at",
            action="delete",
            declared="P13M",
            period="P12M",
            synced_at=now,
        )


def _consents(now: datetime, rows: int, of: str) -> None:
    actor = Actor.system("tests")
    for number in range(rows):
        person, code = Person(of or uuid.uuid4().hex), f"news{number}"
        if not Purpose.objects.filter(pk=code).exists():
            what = {"legal_basis": "consent", "category": "contact", "period": Period(months=24)}
            add_purpose(code=code, title="News", **what, now=now, actor=actor)  # type: ignore[arg-type]
        wording = add_wording(purpose=code, version="1", language="en", text="News?", now=now, actor=actor)
        said = {"surface": "page", "language": "en", "now": now, "actor": actor}
        decide(person=person, purpose=code, choice=Choice.GIVEN, wording=wording, **said)  # type: ignore[arg-type]
        Flag.objects.create(user_key=person.user_key, kind="objection", raised_at=now, surface="page", digest_key="k")


def _closures(now: datetime, rows: int, of: str) -> None:
    for number in range(rows):
        key = of or f"gone-{uuid.uuid4().hex}"
        closure = Closure.objects.create(
            subject_key=key,
            pseudonym=uuid.uuid4().hex,
            status="cancelled" if of else "partial",
            channel="page",
            closed_at=now - HOUR * number,
            due_at=now + MONTH,
            steps=[{"model": "host.Order", "action": "anonymise", "rows": 3, "files": 0}],
            kept=[{"model": "host.Order", "rows": 3, "ground": "tax law", "until": None, "review_at": None}],
            errors=["a file is left"],
        )
        StoreReceipt.objects.create(closure=closure, store=f"place {number}", opened_at=now)
        dates = {"placed_at": now, "review_at": now + MONTH, "ends_at": now + MONTH * 2}
        Hold.objects.create(scope="person", subject_key=key, ground="law", case=str(number), **dates)


def _evidence(now: datetime, rows: int) -> None:
    for number in range(rows):
        record(
            act="retention.period_changed",
            now=now + HOUR * number,
            actor=Actor("staff", key="4711"),
            label="host.PageView",
            counts={"rows": number},
            subject=f"whose-{number}",
            details={"said": "a word"},
        )
        newest = Seal.objects.order_by("-number").first()
        Seal.objects.create(number=newest.number + 1 if newest else 1, made_at=now, size=1, root="0" * 64)


def _messages(now: datetime, rows: int) -> None:
    topics = [{"code": "offers", "title": "Offers", "class": "marketing_own", "basis": "opt_out"}]
    table = {"channels": ["email", "phone"], "topics": topics}
    ProfileTable.objects.update_or_create(name="messages", defaults={"table": table})
    for number in range(rows):
        word = uuid.uuid4().hex
        get_user_model().objects.create(username=word)
        about = {"topic": "offers", "kind": "marketing_own"}
        mailing = Mailing.objects.create(
            code=word[:20], audience="members", language="en", sender="a@example.org", subject="News", text="Hello",
            created_at=now - HOUR * number, **about,
        )  # fmt: skip
        OutboxMessage.objects.create(
            key=word, mailing=mailing, priority=50, basis="opt_out", address=f"{word}@example.org", queued_at=now,
            not_before=now, state="ambiguous", reason="lost_after_data", **about,
        )  # fmt: skip
        Suppression.objects.create(
            channel="email", digest=word[:26], key_id="k", level="marketing", source="link", requested_at=now,
            entered_at=now - HOUR * number,
        )  # fmt: skip


def _policies(now: datetime, rows: int) -> None:
    document, _made = PolicyDocument.objects.get_or_create(code="privacy", defaults={"added_at": now})
    last = PolicyVersion.objects.of("privacy", "en").last_number()
    for number in range(last + 1, last + 1 + rows):
        PolicyVersion(
            key=PolicyVersion.key_of("privacy", "en", number),
            document=document,
            language="en",
            number=number,
            title="Privacy policy",
            form="text",
            text=f"Version {number}",
            digest=PolicyVersion.digest_of(f"Version {number}"),
            figures={"backups.kept_for": {"figure": "P1M", "words": "1 month"}},
            revised_on=now.date(),
            published_at=now,
        ).save()


def _acceptances(now: datetime, rows: int, of: str) -> None:
    versions = {"privacy": "privacy.en.1", "terms": ""}
    for _number in range(rows):
        said = Said(Kind.EXPRESS, Event.CHANGE, versions, "page", "en")
        write(Whom(of or uuid.uuid4().hex), said, now=now, actor=Actor.system("tests"))
