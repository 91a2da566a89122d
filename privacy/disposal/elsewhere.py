"""Rows in other databases than the accounts: each database its own transaction, after the commit of the first.

Before anything goes their keys are written down beside the closure, in its own transaction: so a crash, or a database
that is down, loses nobody, and neither an e-mail address nor a row that led to them is needed any more. A closure is
not done before every database has committed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.datamap.declarations import Anonymise
from privacy.disposal import capture, sweeping
from privacy.disposal.masks import mask_values, unmasked
from privacy.disposal.models import Captured, Closure
from privacy.disposal.plan import Step, route
from privacy.disposal.relations import settle
from privacy.disposal.removal import delete_rows
from privacy.disposal.rereading import Residue
from privacy.evidence.services import record


def steps() -> tuple[Step, ...]:
    """The steps of the plan whose rows are in another database."""
    return tuple(step for step in route() if step.elsewhere)


def note(step: Step, rows: QuerySet[Any], *, batch: uuid.UUID) -> None:
    """Write down the keys of these rows, in the closure's own transaction."""
    capture.keys(rows, batch=batch, place=step.place)


def carry_out(closures: Sequence[Closure], *, now: datetime, actor: Actor) -> dict[uuid.UUID | None, list[str]]:
    """Do in each other database what was written down for these closures; safe to call again after a crash.

    What is done is added to the steps that the closures tell, with evidence of its own.

    Returns:
        What is left and why, by batch: ``"archive: OperationalError"``. Nothing of a database that failed is changed.
    """
    there = steps()
    errors: dict[uuid.UUID | None, list[str]] = {}
    for batch in {closure.batch for closure in closures} if there else ():
        assert batch is not None, "an erased closure has a batch"
        for alias in dict.fromkeys(step.declared.using for step in there):
            mine = [step for step in there if step.declared.using == alias]
            if not Captured.objects.filter(batch=batch, place__in=[step.place for step in mine]).exists():
                continue
            try:
                done = _in_one_database(alias, mine, batch=batch, now=now)
            except Exception as error:  # noqa: BLE001 a database that is down, or a host's handler
                reason = str(error) if isinstance(error, PrivacyError) else type(error).__name__
                errors.setdefault(batch, []).append(f"{alias}: {reason}")
            else:
                _tell([closure for closure in closures if closure.batch == batch], mine, done, now=now, actor=actor)
    return errors


def _in_one_database(alias: str, mine: Sequence[Step], *, batch: uuid.UUID, now: datetime) -> list[dict[str, Any]]:
    done = []
    with transaction.atomic(using=alias):
        for step in mine:
            rows = files = 0
            for page in capture.pages(step.declared.model, batch=batch, place=step.place, using=alias):
                # Told to the sweeper at once: should this database refuse, a row still names the file, and it stays.
                files += sweeping.queue(step, page, batch=batch, now=now)
                rows += _delete(step, page) if step.action == "delete" else _mask(step, page)
            done.append({"model": step.declared.label, "action": step.action, "rows": rows, "files": files})
        settle(alias)
    return [step for step in done if step["rows"] or step["files"]]


def _delete(step: Step, page: QuerySet[Any]) -> int:
    deleted = delete_rows(step.declared.model, page, hooks=step.declared.data.hooks)
    if page.exists():
        raise _residue(step.declared.label, "rows were still there after they were deleted")
    return deleted


def _mask(step: Step, page: QuerySet[Any]) -> int:
    """Rows whose ground has ended already are the night's: they are nobody's from here on."""
    erasure = step.side.erasure if isinstance(step.side.erasure, Anonymise) else Anonymise()
    values = mask_values(step.declared.model, erasure, page.db)
    link = step.side.direct_field
    if link is not None and link.null:
        values.setdefault(link.name, None)
    if not values:
        return page.count()
    changed = page.update(**values)
    if page.filter(unmasked(values)).exists():
        raise _residue(step.declared.label, "values were still there after they were anonymised")
    return changed


def _tell(
    closures: Sequence[Closure], mine: Sequence[Step], done: list[dict[str, Any]], *, now: datetime, actor: Actor
) -> None:
    who = Actor.system("closure") if actor.kind == "member" else actor
    with transaction.atomic(using=Closure.objects.db):
        for closure in closures:
            closure.steps = [*closure.steps, *done]
        Closure.objects.bulk_update(closures, ["steps"], batch_size=500)
        for batch in {closure.batch for closure in closures}:
            assert batch is not None
            capture.release(batch, places=[step.place for step in mine])
        totals = {"rows": sum(step["rows"] for step in done), "files": sum(step["files"] for step in done)}
        label = get_user_model()._meta.label
        record(act="disposal.elsewhere_erased", label=label, counts=totals, now=now, actor=who)


def _residue(place: str, problem: str) -> Residue:
    mend = "Look for a trigger, signal or second process that writes it back"
    return Residue(field=place, problem=problem, mend=mend)
