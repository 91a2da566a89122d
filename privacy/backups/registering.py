"""Copies outside the storage are registered by a file, and their end is confirmed by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from django.db import transaction

from privacy.backups import acts
from privacy.backups.declaring import CopyDraft, WrongCopies, read_copies
from privacy.backups.models import RegisteredCopy
from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.evidence.services import Draft, record, record_many
from privacy.promises.faults import Faults
from privacy.promises.services import take_turns

State = Literal["registered", "changed", "unchanged", "destroyed"]
_FACTS = ("kind", "place", "region", "taken_at", "every", "kept_for", "confirmed_by", "ends_at")


class UnknownCopy(PrivacyError):
    """No copy of this name is registered."""


class AlreadyConfirmed(PrivacyError):
    """The destruction of this copy was confirmed before."""


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy of the file.

    Attributes:
        state: what registering it did; ``destroyed`` for one whose end was confirmed before.
        gone_by: when it must be destroyed; None under a standing rule.
    """

    name: str
    kind: str
    state: State
    gone_by: datetime | None
    kept_for: str


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """Every copy of the file, in its order."""

    copies: tuple[CopyLine, ...]


@dataclass(frozen=True, slots=True)
class ConfirmReport:
    """A confirmed end; ``late`` when it was confirmed after ``gone_by``."""

    name: str
    kind: str
    gone_by: datetime | None
    destroyed_at: datetime
    late: bool


def register_copies(*, path: Path, now: datetime, actor: Actor) -> RegisterReport:
    """Put the copies that the file declares into the register, or bring their facts up to date.

    A copy of the register that the file does not name stays: only a confirmed destruction ends it. A name whose
    end was confirmed is never used again. Source: K09.

    Raises:
        WrongCopies: with every fault of the file; nothing was written.
    """
    faults = Faults()
    with transaction.atomic():
        take_turns()
        drafts = read_copies(path, now=now, faults=faults)
        # By name, so that two files at once wait for each other and never in a circle.
        found = {draft.name: _register(draft, faults, now) for draft in sorted(drafts, key=lambda draft: draft.name)}
        outcomes = [found[draft.name] for draft in drafts]
        if faults.found:
            raise WrongCopies(file=str(path), faults=tuple(faults.found))
        entries = [
            Draft(
                acts.COPY_REGISTERED if line.state == "registered" else acts.COPY_CHANGED,
                label=f"privacy.RegisteredCopy:{line.kind}",
                counts={"backups": 1},
                details=details,
            )
            for line, details in outcomes
            if line.state in ("registered", "changed")
        ]
        record_many(drafts=entries, now=now, actor=actor)
    return RegisterReport(tuple(line for line, _ in outcomes))


def confirm_destroyed(*, name: str, now: datetime, actor: Actor) -> ConfirmReport:
    """Record that a person vouches for the end of a copy: of all its copies under a standing rule.

    Raises:
        UnknownCopy, AlreadyConfirmed: nothing was written.
    """
    with transaction.atomic():
        copy = RegisteredCopy.objects.select_for_update().filter(name=name).first()
        if copy is None:
            raise UnknownCopy(
                field="name",
                problem="no copy of this name is registered",
                mend="Use a name of the list of copies elsewhere in the admin, or of the file that registered it",
            )
        if copy.destroyed_at:
            raise AlreadyConfirmed(
                field="name",
                problem="the destruction of this copy was confirmed before",
                mend="Nothing is left to do; a new copy gets a name of its own",
            )
        late = copy.is_over(now)
        record(
            act=acts.COPY_DESTROYED,
            now=now,
            actor=actor,
            label=f"privacy.RegisteredCopy:{copy.kind}",
            counts={"backups": 1, "late": int(late)},
            details={"name": copy.name, **_facts_of(copy)},
        )
        copy.destroyed_at = now
        copy.save(update_fields=["destroyed_at"])
    return ConfirmReport(copy.name, copy.kind, copy.ends_at, now, late)


def _register(draft: CopyDraft, faults: Faults, now: datetime) -> tuple[CopyLine, dict[str, Any]]:
    facts = _facts(draft)
    defaults = {**facts, "registered_at": now, "changed_at": now}
    copy, is_new = RegisteredCopy.objects.select_for_update().get_or_create(name=draft.name, defaults=defaults)
    before = _facts_of(copy)
    state: State = "registered" if is_new else "unchanged" if before == facts else "changed"
    if copy.destroyed_at:
        if state == "changed":
            problem = "a copy of this name is confirmed as destroyed, with other facts"
            faults.add(draft.label, "name", problem, "Give the new copy a name of its own")
        state = "destroyed"
    elif state == "changed":
        for field, value in facts.items():
            setattr(copy, field, value)
        copy.changed_at, copy.alarm = now, ""
        copy.save()
    line = CopyLine(draft.name, draft.kind, state, facts["ends_at"], draft.kept_for)
    details = {"name": draft.name, **facts}
    return line, details if is_new else {**details, "before": before}


def _facts(draft: CopyDraft) -> dict[str, Any]:
    end = Period.parse(draft.kept_for).end(draft.taken_at, settings.calendar) if draft.taken_at else None
    return {name: getattr(draft, name, end) for name in _FACTS}


def _facts_of(copy: RegisteredCopy) -> dict[str, Any]:
    return {name: getattr(copy, name) for name in _FACTS}
