"""What points at rows that are about to go, and how the way is cleared for them.

Links of other rows are cut where they may be empty, many-to-many rows go, and anything else that
still points at a row stops the run by name: nothing is destroyed behind the plan's back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, cast

from django.apps import apps
from django.db import IntegrityError, connections, models, router
from django.db.models import QuerySet

from privacy.core.errors import PrivacyError
from privacy.datamap import graph


class StillPointedAt(PrivacyError):
    """A row outside the plan points at a row that was to be deleted."""


def inbound(model: type[models.Model]) -> Iterator[models.ForeignKey[Any, Any]]:
    """Every foreign key to ``model``'s own table, those of many-to-many tables included.

    A model in another database is left out: no constraint of this one holds it, and its own declaration sees to it.
    """
    here = router.db_for_write(model)
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and (relation.one_to_one or relation.one_to_many)):
            continue
        if relation.model._meta.concrete_model is model._meta.concrete_model:
            field = cast("models.ForeignKey[Any, Any]", relation.field)  # type: ignore[union-attr]
            if router.db_for_write(field.model) == here:
                yield field


def pointing(field: models.ForeignKey[Any, Any], rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows whose ``field`` points into ``rows``."""
    target = field.target_field.attname
    return field.model._base_manager.using(rows.db).filter(**{f"{field.name}__in": rows.values(target)})


def is_link_table(field: models.ForeignKey[Any, Any]) -> bool:
    return bool(field.model._meta.auto_created)


def may_be_cut(field: models.ForeignKey[Any, Any]) -> bool:
    """Nullable, and of a model whose owner looked at it: declared or excluded with a reason."""
    return bool(field.null) and (graph.find(field.model) is not None or field.model in graph.excluded())


def blockers_of(
    model: type[models.Model], going: Callable[[], QuerySet[Any]]
) -> Iterator[tuple[StillPointedAt, QuerySet[Any]]]:
    """What would stop rows of ``model`` from going, with those of them it stops, before anything of the plan has run.

    ``going`` gives the rows, and is only asked where anything could stop them.

    Rows that the plan itself deletes first are no blockers: a declared model reached by the same
    link is left to the run, which looks again when its children are gone.
    """
    for field in inbound(model):
        if is_link_table(field) or may_be_cut(field) or graph.find(field.model) is not None:
            continue
        rows = going()
        held = rows.filter(
            **{f"{field.target_field.name}__in": field.model._base_manager.using(rows.db).values(field.attname)}
        )
        if held.exists():
            yield _still_pointed_at(field, model), held


#: Rows of a model that the same transaction deletes later: they may still point at what goes now.
Leaving = Callable[[type[models.Model]], Iterable[QuerySet[Any]]]


def clear_the_way(
    model: type[models.Model],
    rows: QuerySet[Any],
    *,
    leaving: Leaving | None = None,
    cleared: Collection[models.ForeignKey[Any, Any]] = (),
) -> None:
    """Cut or remove what points at ``rows``; one statement a foreign key, none for those ``cleared`` already.

    Args:
        leaving: what goes later, where models point at each other by links that may not be empty. Nobody looks
            at it unless a row would stop the run.

    Raises:
        StillPointedAt: names the first ``app.Model.field`` that may not be cut and still points here.
    """
    for field in inbound(model):
        if field in cleared:
            continue
        if is_link_table(field):
            pointing(field, rows)._raw_delete(rows.db)
        elif may_be_cut(field):
            pointing(field, rows).update(**{field.name: None})
        elif pointing(field, rows).exists() and _staying(field, rows, leaving).exists():
            raise _still_pointed_at(field, model)


def _staying(field: models.ForeignKey[Any, Any], rows: QuerySet[Any], leaving: Leaving | None) -> QuerySet[Any]:
    """What points at ``rows`` and is neither one of them nor on its way out."""
    found = pointing(field, rows)
    if field.model._meta.concrete_model is rows.model._meta.concrete_model:
        found = found.exclude(pk__in=rows.values("pk"))
    for going in leaving(field.model) if leaving else ():
        found = found.exclude(pk__in=going.values("pk"))
    return found


def settle(using: str) -> None:
    """Ask the database for every deferred foreign key now, while a savepoint can still undo.

    PostgreSQL checks what the transaction touched. SQLite could only read whole tables, so there
    the tables that no model knows are read; the others were asked one by one before each deletion.

    Raises:
        StillPointedAt: with the model's or the table's name.
        django.db.IntegrityError: where the database does not say which table it is.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        try:
            connection.check_constraints()
        except IntegrityError as error:
            table = getattr(getattr(error.__cause__, "diag", None), "table_name", None)
            if table is None:
                raise
            raise _left_in(table) from None
        return
    known = set(connection.introspection.django_table_names(include_views=False))
    with connection.cursor() as cursor:
        strangers = [
            t.name for t in connection.introspection.get_table_list(cursor) if t.name not in known and t.type == "t"
        ]
        for table in strangers:
            violations = cursor.execute(f"PRAGMA foreign_key_check({connection.ops.quote_name(table)})").fetchone()
            if violations:
                raise _left_in(table)


def _left_in(table: str) -> StillPointedAt:
    model = next((each for each in apps.get_models(include_auto_created=True) if each._meta.db_table == table), None)
    return StillPointedAt(
        field=model._meta.label if model else table,
        problem="its rows still point at rows that are to be deleted",
        mend="Look for a trigger, signal or second process that writes them back"
        if model
        else "Give the table a model and declare it, or remove the rows",
    )


def _still_pointed_at(field: models.ForeignKey[Any, Any], model: type[models.Model]) -> StillPointedAt:
    return StillPointedAt(
        field=f"{field.model._meta.label}.{field.name}",
        problem=f"rows still point at {model._meta.label} rows that are to be deleted",
        mend="Declare what happens to them, or make the link nullable",
    )
