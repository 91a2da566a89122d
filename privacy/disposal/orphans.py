"""People who are gone without a closure: raw SQL removed the account, or another database was restored.

They are found by the rows that still name their key, whichever database these are in, and get a closure that is due at
once: so the same plan disposes of what they left, with the same evidence. Rows that only an e-mail address or a user
name leads to cannot be told from those of strangers, and are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connections, router, transaction
from django.db.models import ForeignKey, Model, QuerySet

from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Declared, Side
from privacy.datamap.rows import content_types_at
from privacy.disposal import closing
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.opening import open_many
from privacy.evidence.services import record

Progress = Callable[[dict[str, int]], None]
_PAGE = 500
#: A live check counts so many people at most: it asks whether there are any.
_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class _Place:
    """A column that holds keys of users: ``rows`` whose ``path`` is filled."""

    label: str
    rows: QuerySet[Any]
    path: str

    def pages(self) -> Iterator[list[Any]]:
        """Distinct values by rising value; one query a page, one pass over the column's index."""
        ordered = self.rows.order_by(self.path).values_list(self.path, flat=True).distinct()
        last: Any = None
        while True:
            page = list((ordered if last is None else ordered.filter(**{f"{self.path}__gt": last}))[:_PAGE])
            if page:
                yield page
            if len(page) < _PAGE:
                return
            last = page[-1]


def open_orphans(
    *, now: datetime, actor: Actor, dry_run: bool = False, progress: Progress | None = None
) -> dict[str, int]:
    """Open a closure, due at once, for everybody whose rows are left and whose account is not.

    Queries grow with declared links and with pages of 500 distinct keys, never with rows.

    Returns:
        ``found`` people; a dry run gives them as ``accounts``, which is what the next step would destroy.
    """
    if dry_run:
        return {"accounts": sum(len(keys) for _, keys in _gone())}
    counts = {"found": 0}
    label = get_user_model()._meta.label
    for _, keys in _gone():
        with transaction.atomic(using=closing.using()):
            open_many([(key, now) for key in keys], Mandate("site", Closure.Channel.ORM), now=now, at_once=True)
            record(act="disposal.orphans_found", label=label, counts={"accounts": len(keys)}, now=now, actor=actor)
        counts["found"] += len(keys)
        if progress:
            progress(counts)
    return counts


def orphans() -> tuple[int, list[str]]:
    """How many people are gone without a closure, counted up to a thousand, and labels of the models that name them."""
    people = 0
    labels: dict[str, None] = {}
    for label, keys in _gone():
        people += len(keys)
        labels[label] = None
        if people >= _COUNTED:
            break
    return people, list(labels)


def any_row_names_an_account() -> bool:
    """Whether there is anything to look for."""
    return any(place.rows.exists() for place in _places())


def _gone() -> Iterator[tuple[str, list[Any]]]:
    """Keys that rows name, that no account has and no closure is about; each key once, by a model that names it."""
    before: list[_Place] = []
    for place in _places():
        for values in place.pages():
            named = {key for key in map(_key, values) if key is not None}
            gone = named - _known(named)
            for earlier in before if gone else ():
                seen = earlier.rows.filter(**{f"{earlier.path}__in": [_as_held(earlier, key) for key in gone]})
                gone -= {_key(value) for value in seen.values_list(earlier.path, flat=True).distinct()}
            if gone:
                yield place.label, list(gone)
        before.append(place)


def _known(keys: set[Any]) -> set[Any]:
    """Those of ``keys`` that an account has, or that a closure under way will see to."""
    there = set(get_user_model()._base_manager.filter(pk__in=keys).values_list("pk", flat=True))
    gone = {str(key): key for key in keys if key not in there}
    waiting = Closure.objects.open().unerased().filter(subject_key__in=list(gone))
    return there | {gone[key] for key in waiting.values_list("subject_key", flat=True)}


def _key(value: Any) -> Any:
    """As the user model's own key; None for what was never one, such as "system"."""
    try:
        return get_user_model()._meta.pk.to_python(value)
    except (ValidationError, ValueError, TypeError):
        return None


def _as_held(place: _Place, key: Any) -> Any:
    field = place.rows.model._meta.get_field(place.path) if "__" not in place.path else None
    return key if isinstance(field, ForeignKey) else str(key)


def _places() -> Iterator[_Place]:
    for declared in graph.declared():
        for side in declared.sides:
            rows = _naming(declared, side)
            if rows is not None:
                yield _Place(declared.label, rows, side.path)


def _naming(declared: Declared, side: Side) -> QuerySet[Any] | None:
    """Rows of this side that name somebody; None where the side names nobody, or the database itself looks after it."""
    everything: QuerySet[Any] = QuerySet(declared.model, using=declared.using)
    if side.kind == "user":
        return everything.filter(**{f"{side.path}__isnull": False}) if _may_dangle(declared, side) else None
    if side.kind == "key":
        return _without_masks(declared, side, everything.exclude(**{side.path: ""}))
    if side.kind == "generic":
        about = _content_type_of_users(declared)
        assert side.generic is not None
        return everything.filter(**{side.generic.content_type: about}) if about is not None else None
    return None


def _may_dangle(declared: Declared, side: Side) -> bool:
    """A link of the row itself to the user's key that no constraint guards.

    PostgreSQL never lets a constraint be broken; SQLite does, for whoever opens the file without asking for them.
    """
    field: Any = side.direct_field
    account: Any = get_user_model()._meta.concrete_model
    if not isinstance(field, ForeignKey) or field.related_model._meta.concrete_model is not account:
        return False
    constrained: Any = field
    guarded = constrained.db_constraint and declared.using == router.db_for_write(get_user_model())
    return bool(field.target_field.primary_key) and not (guarded and connections[declared.using].vendor == "postgresql")


def _without_masks(declared: Declared, side: Side, rows: QuerySet[Any]) -> QuerySet[Any] | None:
    """Leave out what an anonymising wrote instead of a key; None where that differs from row to row."""
    field = side.direct_field
    if field is None:
        return rows.filter(**{f"{side.path}__isnull": False})
    actions = [side.erasure for side in declared.sides] + [expiry.action for expiry in declared.expiries]
    for action in actions:
        value = action.values.get(field.name) if isinstance(action, Anonymise) else None
        if hasattr(value, "resolve_expression"):
            return None
        if value is not None:
            rows = rows.exclude(**{field.name: value})
    return rows.filter(**{f"{field.name}__isnull": False})


def _content_type_of_users(declared: Declared) -> Any | None:
    from django.contrib.contenttypes.models import ContentType  # a host without generic keys may not install it

    account: type[Model] = get_user_model()
    types = ContentType.objects.db_manager(content_types_at(declared.using))
    return types.filter(app_label=account._meta.app_label, model=account._meta.model_name).first()
