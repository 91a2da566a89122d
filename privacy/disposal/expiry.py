"""Rows whose own time is over, whoever they belong to: in windows over the time column.

Each window is one transaction with its own evidence, and one statement a table. Rows of other tables
that hang on an expiring row follow the model's own ``on_delete``: CASCADE goes first, SET_NULL is cut,
PROTECT stops the window by name. A nullable link of a row with a person of its own is cut as well: another
person's answer does not go because what it answers is old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router, transaction
from django.db.models import Q, QuerySet

from privacy.core.actors import Actor
from privacy.core.batches import above, windows
from privacy.core.conf import settings
from privacy.core.locks import one_at_a_time
from privacy.core.pacing import Pace
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Declared
from privacy.datamap.shapes import Expiry, KeptField
from privacy.disposal import sweeping
from privacy.disposal.batches import close_accounts
from privacy.disposal.grounds import emptied, every_ground_ended, left_behind
from privacy.disposal.holds.sparing import Spared, without_held
from privacy.disposal.mandate import Mandate
from privacy.disposal.masks import mask_values, unmasked
from privacy.disposal.models import Closure
from privacy.disposal.removal import ExpiryReport, remove
from privacy.disposal.rereading import Residue
from privacy.evidence.services import record

Progress = Callable[[dict[str, int]], None]

#: Rows of the first window where the database has one writer: what hangs on them is not known yet.
_FIRST_WINDOW = 1000


def over(declared: Declared, expiry: Expiry, cutoff: datetime, spared: Spared | None = None) -> QuerySet[Any]:
    """Rows whose period ended at ``cutoff`` or before, that were not treated yet and that no hold keeps.

    ``spared`` are the holds as they were read before, for screens that ask about many schedules.
    """
    rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using).filter(**{f"{expiry.start}__lte": cutoff})
    if isinstance(expiry.action, Anonymise):
        values = mask_values(declared.model, expiry.action, declared.using)
        rows = rows.filter(unmasked(values)) if values else rows.none()
    return spared.without(declared, rows) if spared is not None else without_held(declared, rows)


def expire(
    *,
    declared: Declared,
    expiry: Expiry,
    cutoff: datetime,
    now: datetime,
    actor: Actor,
    dry_run: bool = False,
    progress: Callable[[dict[str, int]], None] | None = None,
) -> ExpiryReport:
    """Remove or anonymise every row that is over; safe to call again after a crash.

    Queries grow with windows times the tables that hang on the model, never with rows. An expiring
    user row is an account: it goes through a closure.

    Raises:
        StillPointedAt: a protected row still points at an expiring one.
        Residue: an anonymised value was still there when it was read back.
    """
    report = ExpiryReport()
    rows = over(declared, expiry, cutoff)
    if dry_run:
        report.rows = rows.count()
        return report
    if declared.model._meta.concrete_model is get_user_model()._meta.concrete_model:
        return _expire_accounts(rows, now=now, actor=actor, progress=progress)
    pace = _pace(declared)
    for lower, upper in windows(rows, expiry.start, until=cutoff, size=pace.size):
        before, along = report.rows, report.children
        with _window(declared, pace):
            # Asked anew: a hold may have been placed since the last window.
            window = over(declared, expiry, upper).filter(above(expiry.start, lower))
            if isinstance(expiry.action, Anonymise):
                _mask_window(declared, expiry.action, window, report, now=now)
            else:
                remove(declared.model, window, report, now=now, hooks=declared.data.hooks)
            counts = {"rows": report.rows - before, "taken_along": report.children - along}
            prove = partial(_prove, "disposal.rows_expired", declared, counts, now=now, actor=actor)
            _tell(declared, report, prove, progress)
    return report


def end_keep(
    *,
    declared: Declared,
    keep: KeptField,
    moment: datetime,
    now: datetime,
    actor: Actor,
    dry_run: bool = False,
    progress: Callable[[dict[str, int]], None] | None = None,
) -> ExpiryReport:
    """What was kept under a ground goes when the ground ends, once nobody is linked to it any more.

    The row goes with its last ground. While another ground still runs, only this field is emptied; a
    column that can be neither NULL nor an empty text stays with its row until then.

    Raises:
        StillPointedAt: a protected row still points at one of them.
    """
    report = ExpiryReport()
    rows = kept_over(declared, keep, moment)
    if dry_run:
        report.rows = rows.count()
        return report
    last = every_ground_ended(declared, moment)
    until = keep.period.cutoff(moment, settings.calendar)
    pace = _pace(declared)
    for lower, upper in windows(rows, keep.start, until=until, size=pace.size):
        before, along = report.rows, report.children
        with _window(declared, pace):
            window = kept_over(declared, keep, moment, until=upper).filter(above(keep.start, lower))
            remove(declared.model, window.filter(last), report, now=now, hooks=declared.data.hooks)
            report.rows += window.update(**emptied(declared, keep)) if emptied(declared, keep) else 0
            counts = {"rows": report.rows - before, "taken_along": report.children - along}
            prove = partial(_prove, "disposal.keeps_ended", declared, counts, now=now, actor=actor)
            _tell(declared, report, prove, progress)
    return report


def kept_over(
    declared: Declared,
    keep: KeptField,
    moment: datetime,
    spared: Spared | None = None,
    *,
    until: datetime | None = None,
) -> QuerySet[Any]:
    """Rows cut from their person whose ground for ``keep`` has ended at ``moment``, that still hold it, and that no
    hold keeps; ``spared`` as in ``over``. ``until`` is the end of a window before that."""
    cutoff = until or keep.period.cutoff(moment, settings.calendar)
    blank = emptied(declared, keep)
    holding = unmasked(blank) if blank else Q(pk__in=[])
    rows = left_behind(declared).filter(**{f"{keep.start}__lte": cutoff})
    rows = rows.filter(every_ground_ended(declared, moment) | holding)
    return spared.without(declared, rows) if spared is not None else without_held(declared, rows)


@contextmanager
def _window(declared: Declared, pace: Pace) -> Iterator[None]:
    """One transaction. Two runs at one model take turns, so that each row, child and file is told once."""
    with pace.turn(pace.size()), transaction.atomic(using=declared.using):
        one_at_a_time(f"privacy_expiry {declared.label}", declared.using)
        yield


def _pace(declared: Declared) -> Pace:
    return Pace(declared.using, settings.window_rows, first=_FIRST_WINDOW)


def _expire_accounts(
    rows: QuerySet[Any], *, now: datetime, actor: Actor, progress: Callable[[dict[str, int]], None] | None
) -> ExpiryReport:
    def told(counts: dict[str, int]) -> None:
        if progress:
            progress({"rows": counts["accounts"] + counts["scheduled"], "children": 0, "files": 0})

    mandate = Mandate("retention", Closure.Channel.RETENTION)
    counts = close_accounts(users=rows, mandate=mandate, now=now, actor=actor, progress=told)
    return ExpiryReport(rows=counts["accounts"] + counts["scheduled"])


def _mask_window(
    declared: Declared, action: Anonymise, window: QuerySet[Any], report: ExpiryReport, *, now: datetime
) -> None:
    values = mask_values(declared.model, action, declared.using)
    losing = tuple(field for field in declared.file_fields if field.name in values)
    report.files += sweeping.queue_files(declared.model, losing, window, owner=None, batch=None, now=now)
    report.rows += window.update(**values)
    if window.exists():
        raise Residue(
            field=declared.label,
            problem="values were still there after they were anonymised",
            mend="Look for a trigger, signal or second process that writes them back",
        )


def _tell(declared: Declared, report: ExpiryReport, prove: Callable[[], None], progress: Progress | None) -> None:
    """Within the transaction: what is told stands or falls with the rows. Once another database has committed."""

    def tell() -> None:
        prove()
        if progress:
            progress({"rows": report.rows, "children": report.children, "files": report.files})

    if declared.using == router.db_for_write(Closure):
        tell()
    else:
        transaction.on_commit(tell, using=declared.using)


def _prove(act: str, declared: Declared, counts: dict[str, int], *, now: datetime, actor: Actor) -> None:
    found = {name: count for name, count in counts.items() if count}
    if found:
        record(act=act, label=declared.label, counts=found, now=now, actor=actor)
