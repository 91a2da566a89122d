"""Rows whose own time is over, whoever they belong to: in windows over the time column.

Each window is one transaction with its own evidence, and one statement a table. Rows of other tables
that hang on an expiring row follow the model's own ``on_delete``: CASCADE goes first, SET_NULL is cut,
PROTECT stops the window by name. A nullable link of a row with a person of its own is cut as well: another
person's answer does not go because what it answers is old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import CASCADE, Q, QuerySet

from privacy.core.actors import Actor
from privacy.core.batches import keyset, windows, within
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Declared
from privacy.datamap.shapes import Expiry, KeptField, Side
from privacy.disposal import sweeping
from privacy.disposal.batches import close_accounts
from privacy.disposal.execution import Residue, delete_rows, mask_values, unmasked
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.relations import inbound, is_link_table, pointing
from privacy.evidence.services import record

_DEEPEST = 12
_PARENTS_AT_ONCE = 500


class TooDeep(PrivacyError):
    """Rows hang on rows hang on rows, without an end in sight."""


@dataclass(slots=True)
class ExpiryReport:
    """What one rule removed: rows of its own model, rows that hung on them, and files queued."""

    rows: int = 0
    children: int = 0
    files: int = 0


def over(declared: Declared, expiry: Expiry, cutoff: datetime) -> QuerySet[Any]:
    """Rows whose period ended at ``cutoff`` or before and that were not treated yet."""
    rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using).filter(**{f"{expiry.start}__lte": cutoff})
    if isinstance(expiry.action, Anonymise):
        values = mask_values(declared.model, expiry.action, declared.using)
        rows = rows.filter(unmasked(values)) if values else rows.none()
    return rows


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
    for lower, upper in windows(rows, expiry.start, until=cutoff, size=settings.window_rows):
        before, along = report.rows, report.children
        with transaction.atomic(using=declared.using):
            window = rows.filter(within(expiry.start, lower, upper))
            if isinstance(expiry.action, Anonymise):
                _mask_window(declared, expiry.action, window, report, now=now)
            else:
                _delete_window(declared.model, window, report, now=now, hooks=declared.data.hooks)
            counts = {"rows": report.rows - before, "taken_along": report.children - along}
            _prove("disposal.rows_expired", declared, counts, now=now, actor=actor)
            if progress:  # within the transaction: what is told stands or falls with the rows
                progress({"rows": report.rows, "children": report.children, "files": report.files})
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
    last = _every_ground_ended(declared, moment)
    until = keep.period.cutoff(moment, settings.calendar)
    for lower, upper in windows(rows, keep.start, until=until, size=settings.window_rows):
        before, along = report.rows, report.children
        with transaction.atomic(using=declared.using):
            window = rows.filter(within(keep.start, lower, upper))
            _delete_window(declared.model, window.filter(last), report, now=now, hooks=declared.data.hooks)
            report.rows += window.update(**_emptied(declared, keep)) if _emptied(declared, keep) else 0
            counts = {"rows": report.rows - before, "taken_along": report.children - along}
            _prove("disposal.keeps_ended", declared, counts, now=now, actor=actor)
            if progress:
                progress({"rows": report.rows, "children": report.children, "files": report.files})
    return report


def kept_over(declared: Declared, keep: KeptField, moment: datetime) -> QuerySet[Any]:
    """Rows cut from their person whose ground for ``keep`` has ended at ``moment`` and that still hold it."""
    cutoff = keep.period.cutoff(moment, settings.calendar)
    emptied = _emptied(declared, keep)
    holding = unmasked(emptied) if emptied else Q(pk__in=[])
    rows = left_behind(declared).filter(**{f"{keep.start}__lte": cutoff})
    return rows.filter(_every_ground_ended(declared, moment) | holding)


def left_behind(declared: Declared) -> QuerySet[Any]:
    """Rows that nobody is linked to any more."""
    rows: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
    for side in declared.sides:
        if side.direct_field is not None and side.direct_field.null:
            rows = rows.filter(**{f"{side.direct_field.name}__isnull": True})
        elif side.kind == "user" and side.path:
            rows = rows.filter(**{f"{side.path}__isnull": True})
        elif isinstance(side.erasure, Anonymise):
            rows = rows.filter(~unmasked(mask_values(declared.model, side.erasure, declared.using)))
    return rows


def _every_ground_ended(declared: Declared, moment: datetime) -> Q:
    calendar = settings.calendar
    return Q(*(Q(**{f"{keep.start}__lte": keep.period.cutoff(moment, calendar)}) for keep in declared.keeps))


def _emptied(declared: Declared, keep: KeptField) -> dict[str, Any]:
    """How one kept field is emptied while its row stays; nothing where its column cannot be."""
    if keep.name is None:
        return {}
    field = declared.model._meta.get_field(keep.name)
    if field.null:
        return {keep.name: None}
    return {keep.name: ""} if isinstance(field, models.CharField | models.TextField) else {}


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


def _prove(act: str, declared: Declared, counts: dict[str, int], *, now: datetime, actor: Actor) -> None:
    found = {name: count for name, count in counts.items() if count}
    if found:
        record(act=act, label=declared.label, counts=found, now=now, actor=actor)


def _delete_window(
    model: type[models.Model], window: QuerySet[Any], report: ExpiryReport, *, now: datetime, hooks: bool
) -> None:
    root = _root(model)
    if hooks or root is model:  # Model.delete() looks after its parents by itself
        report.rows += _remove(model, window, report, now=now, hooks=hooks, depth=0)
        return
    # A child's row is a row of its parent as well, which must not outlive it. By value: the child goes first.
    for keys in keyset(window, _PARENTS_AT_ONCE):
        rows: QuerySet[Any] = QuerySet(root, using=window.db).filter(pk__in=keys)
        report.rows += _remove(root, rows, report, now=now, hooks=False, depth=0)


def _root(model: type[models.Model]) -> type[models.Model]:
    key: Any = model._meta.pk
    while key.remote_field is not None and key.remote_field.parent_link:
        key = key.target_field
    return cast("type[models.Model]", key.model)


def _remove(
    model: type[models.Model], rows: QuerySet[Any], report: ExpiryReport, *, now: datetime, hooks: bool, depth: int
) -> int:
    """Delete ``rows`` and what hangs on them by CASCADE, deepest first; ``delete_rows`` cuts or refuses the rest."""
    if depth > _DEEPEST:
        raise TooDeep(
            field=model._meta.label, problem="rows hang on each other in a circle", mend="Cut one link in the model"
        )
    for field in inbound(model):
        if is_link_table(field) or field.remote_field.on_delete is not CASCADE:
            continue
        children = pointing(field, rows)
        if _has_its_own_person(field):
            children.update(**{field.name: None})
        elif children.exists():
            declared = graph.find(field.model)
            hooked = declared is not None and declared.data.hooks
            report.children += _remove(field.model, children, report, now=now, hooks=hooked, depth=depth + 1)
    files = tuple(field for field in model._meta.concrete_fields if isinstance(field, models.FileField))
    report.files += sweeping.queue_files(model, files, rows, owner=None, batch=None, now=now)
    return delete_rows(model, rows, hooks=hooks)


def _has_its_own_person(field: models.ForeignKey[Any, Any]) -> bool:
    """The link may be empty, and the row is still found by another: it ends by its own rule."""
    declared = graph.find(field.model)
    return bool(field.null) and declared is not None and any(_first(side) != field.name for side in declared.sides)


def _first(side: Side) -> str:
    return side.path.partition("__")[0]
