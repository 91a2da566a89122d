"""History tables of simple-history: each goes with the rows it copies, and forgets who made a change.

Such a table is known by its ``instance_type``. It is declared from the declaration of the model it copies, of
which it has the fields that the site did not leave out; its links may all be empty, and the copied primary key
is a plain value. What the copied row keeps under a ground is kept there: its history goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Field, Model

from privacy.datamap.declarations import Anonymise, Delete, Expire, Generic, PersonalData, Subject
from privacy.datamap.registry import registry

_OWN = ("history_change_reason", "history_user")
_KINDS = ("email", "key", "name")


def declare_all() -> None:
    """Declare every history table whose original is declared; call it behind the host's own declarations."""
    for model in apps.get_models():
        original = getattr(model, "instance_type", None)
        if isinstance(original, type) and issubclass(original, Model) and not model._meta.swapped:
            data = registry.declarations().get(original._meta.concrete_model or original)
            if data is not None:
                registry.declare(model, _copy_of(data, model, original), bundled=True)


def _copy_of(data: type[PersonalData], model: type[Model], original: type[Model]) -> type[PersonalData]:
    fields = {field.name: field for field in model._meta.concrete_fields}
    sides: dict[Subject, Any] = dict.fromkeys((*_subjects(data, original, fields), *_above(fields)), Delete())
    if "history_user" in fields and not data.controller:
        sides["history_user"] = Anonymise(**{name: None for name in _OWN if name in fields})
    elif "history_user_id" in fields and not data.controller:
        sides["key:history_user_id"] = Anonymise(history_user_id=None)
    body: dict[str, Any] = {
        "__doc__": f"Bundled declaration of the history of {original._meta.label}.",
        "subject": tuple(sides),
        "on_erasure": Delete()
        if data.controller
        else {side.object_id if isinstance(side, Generic) else side: erasure for side, erasure in sides.items()},
        "holds": tuple(name for name in fields if name not in data.plain and name != "history_type"),
        "fields": {},
        "plain": {
            **{name: reason for name, reason in data.plain.items() if name in fields},
            **({"history_type": "created, changed or deleted"} if "history_type" in fields else {}),
        },
        "required": {},
        "expires": tuple(_ends(data, fields)),
        "export": tuple(name for name in data.export if name in fields),
        "caches": (),
    }
    return type(f"{model.__name__}Data", (data,), body)


def _subjects(data: type[PersonalData], original: type[Model], fields: dict[str, Field[Any, Any]]) -> Iterator[Subject]:
    """The original's subjects, as far as the copy has the columns they begin at."""
    given = data.subject if isinstance(data.subject, tuple | list) else (data.subject,) if data.subject else ()
    for word in given:
        if isinstance(word, Generic):
            if {word.content_type, word.object_id} <= set(fields):
                yield word
        elif word == "self":
            key: Any = original._meta.pk
            if key.name in fields:
                yield key.name if key.is_relation else f"key:{key.name}"
        else:
            kind, _, path = word.partition(":")
            if (path if kind in _KINDS else word).replace(".", "__").partition("__")[0] in fields:
                yield word


def _above(fields: dict[str, Field[Any, Any]]) -> Iterator[Subject]:
    """The history of a many-to-many hangs on the history of its row, and goes with that as well."""
    row: Any = fields["history"].related_model if "m2m_history_id" in fields else None
    data = registry.declarations().get(row.instance_type) if row is not None else None
    if data is None:
        return
    for word in _subjects(data, row.instance_type, {field.name: field for field in row._meta.concrete_fields}):
        if isinstance(word, str):
            kind, colon, path = word.rpartition(":")
            yield f"{kind}{colon}history__{path}"


def _ends(data: type[PersonalData], fields: dict[str, Field[Any, Any]]) -> Iterator[str | Expire]:
    for end in (data.expires,) if isinstance(data.expires, str | Expire) else data.expires:
        start = (end.when if isinstance(end, Expire) else end).partition(" from ")[2].strip().replace(".", "__")
        changed = end.action.values if isinstance(end, Expire) and isinstance(end.action, Anonymise) else {}
        if start.partition("__")[0] in fields and set(changed) <= set(fields):
            yield end
