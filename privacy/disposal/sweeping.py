"""Files and cache entries go after the commit, through a table that is swept until it is empty."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.cache import caches
from django.core.exceptions import FieldDoesNotExist
from django.db import connections, models, router
from django.db.models import CharField, DateTimeField, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Cast, Coalesce

from privacy.core.conf import settings
from privacy.datamap import graph
from privacy.datamap.graph import Subjects
from privacy.disposal import capture
from privacy.disposal.claims import Claims
from privacy.disposal.models import Sweep
from privacy.disposal.patience import Outside

if TYPE_CHECKING:
    from privacy.disposal.plan import Step

_CHUNK = 500
#: Seconds after which a sweep says how far it is: a night that should stop must not wait for a slow storage.
_TELL_EVERY = 2.0


def queue(step: Step, rows: QuerySet[Any], *, batch: uuid.UUID, now: datetime) -> int:
    """Write down the files that ``rows`` name, one INSERT … SELECT a file field; returns how many."""
    return queue_files(step.declared.model, step.files_at_stake, rows, owner=step.owner(), batch=batch, now=now)


def queue_files(
    model: type[models.Model],
    fields: Sequence[models.FileField],
    rows: QuerySet[Any],
    *,
    owner: Any | None,
    batch: uuid.UUID | None,
    now: datetime,
) -> int:
    """Write down files of ``rows``; ``owner`` is the expression of the user's key, if there is one."""
    queued = 0
    nobody = Value("", output_field=CharField())
    for field in fields:
        selected = (
            rows.exclude(**{field.name: ""})
            .exclude(**{f"{field.name}__isnull": True})
            .order_by()
            .values_list(
                Value("file", output_field=CharField()),
                Value(f"{model._meta.label}.{field.name}", output_field=CharField()),
                Cast(field.name, TextField()),
                Value(batch, output_field=UUIDField()),
                Coalesce(owner, nobody, output_field=CharField()) if owner is not None else nobody,
                Value(now, output_field=DateTimeField()),
                Value(0),
                Value("", output_field=CharField()),
            )
        )
        columns = ("kind", "place", "name", "batch", "subject_key", "queued_at", "attempts", "error")
        queued += capture.insert_select(Sweep, columns, selected)
    return queued


def queue_caches(subjects: Subjects, *, batch: uuid.UUID, now: datetime) -> None:
    """Write down the declared cache keys of these people; memory holds one chunk."""
    entries = (entry for declared in graph.declared() for entry in declared.cache_keys(subjects))
    while chunk := list(islice(entries, _CHUNK)):
        Sweep.objects.bulk_create(
            Sweep(kind="cache", place=alias, name=key, batch=batch, queued_at=now) for alias, key in chunk
        )


def sweep(rows: QuerySet[Sweep], *, told: Callable[[int], None] | None = None) -> int:
    """Remove what ``rows`` name; what is gone leaves the table, what is not says why. Returns how many went.

    What another run holds is left to it. ``told`` hears every few seconds how many went so far, with no transaction
    open; what it raises ends the sweep, and what was not asked for yet is free again.
    """
    sweeper = _Sweeper(told)
    for chunk in sweeper.claims.chunks(rows, _CHUNK):
        sweeper.remove(chunk)
    return sweeper.gone


def empty_log() -> bool:
    """Write SQLite's log back and empty it; False when somebody else reads at this moment.

    Until then what was erased stays readable in the log, and in the file that the log has not reached yet.
    """
    connection = connections[router.db_for_write(Sweep)]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return connection.vendor != "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = cursor.fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 1000")  # writers wait meanwhile
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return not cursor.fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")


class _Sweeper:
    def __init__(self, told: Callable[[int], None] | None) -> None:
        self.claims = Claims()
        self.gone = 0
        self._told = told
        self._last_told = time.monotonic()

    def remove(self, chunk: Sequence[Sweep]) -> None:
        in_use = _names_in_use(chunk)
        finished: list[int] = []
        try:
            for item in chunk:
                if _removed(item, in_use):
                    finished.append(item.pk)
                if self.claims.renew() or time.monotonic() - self._last_told > _TELL_EVERY:
                    self._enter(finished)
                    self._tell()
        finally:
            self._enter(finished)

    def _enter(self, finished: list[int]) -> None:
        self.gone += Sweep.objects.filter(pk__in=finished).delete()[0] if finished else 0
        finished.clear()

    def _tell(self) -> None:
        self._last_told = time.monotonic()
        if self._told:
            self._told(self.gone)


def _removed(item: Sweep, in_use: set[tuple[str, str]]) -> bool:
    try:
        if item.kind == "cache":
            _drop_cached(item)
        elif (item.place, item.name) not in in_use:
            _drop_file(item)
    except Exception as error:  # noqa: BLE001 any storage may raise anything; it must stay listed
        Sweep.objects.filter(pk=item.pk).update(attempts=item.attempts + 1, error=type(error).__name__)
        return False
    return True


def _drop_cached(item: Sweep) -> None:
    cache = caches[item.place]
    cache.delete(item.name)
    if cache.get(item.name) is not None:
        raise StillThere


def _drop_file(item: Sweep) -> None:
    storage = _field(item.place).storage
    with Outside(f"storage of {item.place}", seconds=settings.storage_timeout) as outside:
        outside.call(partial(_delete, storage, item.name))


def _delete(storage: Any, name: str) -> None:
    try:
        storage.delete(name)
    except Exception:  # some storages refuse to delete what a run that crashed has deleted already
        if storage.exists(name):
            raise
    if storage.exists(name):
        raise StillThere


def _names_in_use(chunk: Sequence[Sweep]) -> set[tuple[str, str]]:
    """Files that a row of any model still names: such a file is not ours to remove. One query a file field."""
    places = {item.place for item in chunk if item.kind == "file"}
    in_use: set[tuple[str, str]] = set()
    for place in places:
        try:
            storage = _field(place).storage
        except (LookupError, FieldDoesNotExist):
            continue  # told when the file itself is tried
        wanted = {item.name for item in chunk if item.place == place}
        for field in _file_fields():
            if field.storage == storage:
                rows: QuerySet[Any] = QuerySet(field.model, using=router.db_for_read(field.model))
                found = rows.filter(**{f"{field.name}__in": wanted}).values_list(field.name, flat=True)
                in_use.update((place, name) for name in found)
    return in_use


def _file_fields() -> Iterator[models.FileField]:
    for model in apps.get_models():
        if not model._meta.proxy and model._meta.managed:
            yield from (field for field in model._meta.local_concrete_fields if isinstance(field, models.FileField))


def _field(place: str) -> models.FileField:
    label, _, name = place.rpartition(".")
    field = apps.get_model(label)._meta.get_field(name)
    assert isinstance(field, models.FileField)
    return field


class StillThere(Exception):
    """The storage or cache said it removed the entry, and still has it."""
