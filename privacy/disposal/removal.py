"""Deleting rows: what points at them is cut or refused, what hangs on them goes along."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import models
from django.db.models import CASCADE, QuerySet

from privacy.core.batches import keyset
from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.datamap.shapes import Side
from privacy.disposal import sweeping
from privacy.disposal.relations import Leaving, clear_the_way, inbound, is_link_table, pointing

_DEEPEST = 12
_PARENTS_AT_ONCE = 500
_HOOKED_CHUNK = 200
_ours: ContextVar[bool] = ContextVar("privacy_deleting", default=False)


class TooDeep(PrivacyError):
    """Rows hang on rows hang on rows, without an end in sight."""


@dataclass(slots=True)
class ExpiryReport:
    """What one rule removed: rows of its own model, rows that hung on them, and files queued."""

    rows: int = 0
    children: int = 0
    files: int = 0


def ours() -> bool:
    """Whether a deletion that signals itself at this moment is the plan's own."""
    return _ours.get()


def delete_rows(
    model: type[models.Model],
    rows: QuerySet[Any],
    *,
    hooks: bool = False,
    leaving: Leaving | None = None,
    cleared: Collection[models.ForeignKey[Any, Any]] = (),
) -> int:
    """Delete ``rows`` in one statement once nothing points at them; with ``hooks``, one by one.

    Args:
        cleared: foreign keys along which nothing points at ``rows`` any more, read back by the caller.

    Raises:
        StillPointedAt: a row outside the plan points at one of them; ``Model.delete()`` would take it along.
    """
    clear_the_way(model, rows, leaving=leaving, cleared=cleared)
    if hooks:
        everything: QuerySet[Any] = QuerySet(model, using=rows.db)
        with _by_us():
            return sum(
                row.delete()[0] > 0 for keys in keyset(rows, _HOOKED_CHUNK) for row in everything.filter(pk__in=keys)
            )
    return rows._raw_delete(rows.db) or 0


def remove(
    model: type[models.Model],
    window: QuerySet[Any],
    report: ExpiryReport,
    *,
    now: datetime,
    hooks: bool,
    batch: UUID | None = None,
) -> None:
    """Delete rows that nobody is linked to, with what hangs on them; ``report`` grows by what went.

    Raises:
        StillPointedAt: a protected row still points at one of them.
        TooDeep: rows hang on each other in a circle.
    """
    root = _root(model)
    if hooks or root is model:  # Model.delete() looks after its parents by itself
        report.rows += _remove(model, window, report, now=now, hooks=hooks, batch=batch, depth=0)
        return
    # A child's row is a row of its parent as well, which must not outlive it. By value: the child goes first.
    for keys in keyset(window, _PARENTS_AT_ONCE):
        rows: QuerySet[Any] = QuerySet(root, using=window.db).filter(pk__in=keys)
        report.rows += _remove(root, rows, report, now=now, hooks=False, batch=batch, depth=0)


@contextmanager
def _by_us() -> Iterator[None]:
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


def _root(model: type[models.Model]) -> type[models.Model]:
    key: Any = model._meta.pk
    while key.remote_field is not None and key.remote_field.parent_link:
        key = key.target_field
    return cast("type[models.Model]", key.model)


def _remove(
    model: type[models.Model],
    rows: QuerySet[Any],
    report: ExpiryReport,
    *,
    now: datetime,
    hooks: bool,
    batch: UUID | None,
    depth: int,
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
        if field.model is model:  # a row may point at itself, or at another that goes in the same statement
            children = children.exclude(pk__in=rows.values("pk"))
        if _has_its_own_person(field):
            children.update(**{field.name: None})
        elif children.exists():
            declared = graph.find(field.model)
            hooked = declared is not None and declared.data.hooks
            report.children += _remove(
                field.model, children, report, now=now, hooks=hooked, batch=batch, depth=depth + 1
            )
    files = tuple(field for field in model._meta.concrete_fields if isinstance(field, models.FileField))
    report.files += sweeping.queue_files(model, files, rows, owner=None, batch=batch, now=now)
    return delete_rows(model, rows, hooks=hooks)


def _has_its_own_person(field: models.ForeignKey[Any, Any]) -> bool:
    """The link may be empty, and the row is still found by another: it ends by its own rule."""
    declared = graph.find(field.model)
    return bool(field.null) and declared is not None and any(_first(side) != field.name for side in declared.sides)


def _first(side: Side) -> str:
    return side.path.partition("__")[0]
