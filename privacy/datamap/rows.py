"""From people to rows: one queryset a side, whatever the shape of the key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connections, models, router
from django.db.models import Exists, F, Func, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Lower, Substr

from privacy.core.among import Among
from privacy.datamap.declarations import Generic
from privacy.datamap.shapes import Side, Subjects

if TYPE_CHECKING:
    from privacy.datamap.graph import Declared

_UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))


def rows(declared: Declared, side: Side, subjects: Subjects) -> QuerySet[Any]:
    """The side's rows, as a queryset that can be counted, updated and deleted in one statement."""
    # Not a manager: a host's manager may hide rows, and hidden rows are personal data as well.
    everything: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
    if side.kind == "generic":
        return _generic(declared, side, subjects)
    if side.kind == "user":
        return _along(everything, f"{side.path}__pk" if side.path else "pk", subjects.keys)
    if side.kind == "key":
        return _along(everything, side.path, subjects.keys.texts)
    if side.kind == "name":
        return _along(everything, side.path, subjects.names)
    # Both forms: SQLite lowers ASCII letters only.
    lowered = everything.annotate(_lowered=Lower(F(side.path)))
    same = Q(Among("_lowered", [email.lower() for email in subjects.emails]))
    found = lowered.filter(same | Q(Among(side.path, subjects.emails)))
    return everything.filter(pk__in=found.values("pk"))


def _along(rows_of: QuerySet[Any], path: str, values: Sequence[Any]) -> QuerySet[Any]:
    """Rows whose ``path`` ends at one of ``values``: a sub-select a link, so that each link's own index is used.

    A join can be neither deleted nor updated. Where a step of the path is no column of the row itself (a reverse
    relation, a many-to-many, a parent's column), the sub-select is one over the row's own key.
    """
    first, _, rest = path.partition("__")
    field = rows_of.model._meta.pk if first == "pk" else rows_of.model._meta.get_field(first)
    if field not in rows_of.model._meta.local_concrete_fields:
        return rows_of.filter(pk__in=rows_of.filter(Among(path, values)).values("pk"))
    if rest in ("", "pk"):
        return rows_of.filter(Among(path, values))
    related: Any = field.related_model
    target = field.target_field.attname
    if router.db_for_write(related) != router.db_for_write(rows_of.model):  # no database selects from two
        far: QuerySet[Any] = QuerySet(related, using=router.db_for_write(related))
        return rows_of.filter(Among(first, list(_along(far, rest, values).values_list(target, flat=True))))
    there: QuerySet[Any] = QuerySet(related, using=rows_of.db)
    return rows_of.filter(**{f"{first}__in": _along(there, rest, values).values(target)})


def _generic(declared: Declared, side: Side, subjects: Subjects) -> QuerySet[Any]:
    """Rows of a generic key, by each model it can point at: branches of one union, since an OR of sub-selects
    makes PostgreSQL read the whole table. Other generic keys are not followed: a remark on a remark is nobody's."""
    from django.contrib.contenttypes.models import ContentType  # a host without generic keys may not install it

    from privacy.datamap.graph import declared as all_declared

    assert side.generic is not None
    generic = side.generic
    everything: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
    key_field = declared.model._meta.get_field(generic.object_id)
    types = ContentType.objects.db_manager(content_types_at(declared.using))
    branches: list[QuerySet[Any]] = []
    pointed_at = _pointed_at(everything, generic)

    def about(model: type[Model], keys: Callable[[], QuerySet[Any] | list[Any]]) -> None:
        try:  # not get_for_model, which would write the missing type: without it no row can point at the model
            of_model = types.get_by_natural_key(model._meta.app_label, str(model._meta.model_name))
        except ContentType.DoesNotExist:
            return
        if pointed_at is not None and of_model.pk not in pointed_at:
            return
        found_keys = keys()
        theirs = (
            Q(Among(generic.object_id, found_keys))
            if isinstance(found_keys, list)
            else Q(**{f"{generic.object_id}__in": found_keys})
        )
        found = everything.filter(theirs, **{generic.content_type: of_model})
        branches.append(found.order_by().values("pk"))

    def keys_of(other: Declared, other_side: Side) -> QuerySet[Any] | list[Any]:
        theirs = rows(other, other_side, subjects)
        if other.using != declared.using:
            return [_like(key_field, key) for key in theirs.values_list("pk", flat=True)]
        keyed: QuerySet[Any] = theirs.annotate(_key=_key_as(other.model, key_field, declared.using))
        return keyed.values("_key")

    user = get_user_model()
    if _fits(user, key_field):
        about(user, lambda: [_like(key_field, key) for key in subjects.keys])
    for other in all_declared():
        if other.model in (declared.model, user) or other.model._meta.auto_created:
            continue
        if not _fits(other.model, key_field):
            continue
        for other_side in other.sides:
            if other_side.kind != "generic":
                about(other.model, partial(keys_of, other, other_side))
    if not branches:
        return everything.none()
    first, *more = branches
    return everything.filter(pk__in=first.union(*more, all=True) if more else first)


def _pointed_at(everything: QuerySet[Any], generic: Generic) -> set[Any] | None:
    """Content types that any row points at: an admin log tells of a few, and each other would be a branch for nothing.

    One query, a look into the index for each type; None where types and rows are in two databases.
    """
    from django.contrib.contenttypes.models import ContentType

    if content_types_at(everything.db) != everything.db:
        return None
    there = everything.filter(**{generic.content_type: OuterRef("pk")})
    return set(ContentType.objects.using(everything.db).filter(Exists(there)).values_list("pk", flat=True))


def content_types_at(using: str) -> str:
    """The database whose content types the generic keys of ``using`` mean: its own, where it has the table."""
    from django.contrib.contenttypes.models import ContentType

    return using if router.allow_migrate_model(using, ContentType) else router.db_for_read(ContentType)


def generic_targets(model: type[Model], side: Side, rows_of: QuerySet[Any]) -> QuerySet[Any] | None:
    """Primary keys of the rows of ``model`` that ``rows_of`` point at through their generic key; None where none can.

    ``side`` is the generic side of the declaration that ``rows_of`` belong to.
    """
    from django.contrib.contenttypes.models import ContentType

    assert side.generic is not None
    key_field = rows_of.model._meta.get_field(side.generic.object_id)
    if not _fits(model, key_field):
        return None
    try:
        of_model = ContentType.objects.db_manager(content_types_at(rows_of.db)).get_by_natural_key(
            model._meta.app_label, str(model._meta.model_name)
        )
    except ContentType.DoesNotExist:
        return None
    pointed = rows_of.filter(**{side.generic.content_type: of_model}).order_by().values(side.generic.object_id)
    everything: QuerySet[Any] = QuerySet(model, using=rows_of.db)
    keyed: QuerySet[Any] = everything.annotate(_key=_key_as(model, key_field, rows_of.db)).filter(_key__in=pointed)
    return keyed.values("pk")


def _kind(field: Any) -> str:
    while field.is_relation:
        field = field.target_field
    if isinstance(field, models.IntegerField):
        return "number"
    return "uuid" if isinstance(field, models.UUIDField) else "text"


def _fits(model: type[Model], key_field: Any) -> bool:
    """Whether a generic key of this type can point at the model at all."""
    wanted = _kind(key_field)
    return wanted == "text" or _kind(model._meta.pk) == wanted


def _like(key_field: Any, key: Any) -> Any:
    return str(key) if _kind(key_field) == "text" else key


def key_as_text(model: type[Model], using: str, path: str = "pk") -> Any:
    """``str(pk)`` of ``model`` as a database expression over ``path``: UUIDs have hyphens on every database."""
    return _key_as(model, models.TextField(), using, path)


def _key_as(model: type[Model], key_field: Any, using: str, path: str = "pk") -> Any:
    """The model's key as a generic key stores it."""
    if _kind(key_field) != "text":
        return F(path)
    text = models.TextField()
    if _kind(model._meta.pk) != "uuid" or connections[using].features.has_native_uuid_field:
        return Cast(path, text)
    pieces: list[Any] = []
    for start, length in _UUID_PARTS:
        pieces += [Value("-"), Substr(Cast(path, text), start, length)]
    return _Joined(*pieces[1:], output_field=text)


class _Joined(Func):
    """Texts end to end. ``Concat`` nests its parts, and so many overflow SQLite's parser within a closure."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
