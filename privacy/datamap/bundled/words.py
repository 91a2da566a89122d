"""How a bundled declaration is written down: as a table row, since its model may not be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Model

from privacy.datamap.declarations import Anonymise, Delete, Erasure, Expire, PersonalData, Subject
from privacy.datamap.registry import registry


def installed(label: str) -> type[Model] | None:
    """The model of that label, None where its app is not installed or the model is swapped out."""
    try:
        model = apps.get_model(label)
    except LookupError:
        return None
    return None if model._meta.swapped else model


def declare(
    model: type[Model] | str | None,
    *,
    subject: Subject | tuple[Subject, ...] = (),
    category: str,
    purpose: str,
    legal_basis: str = "contract",
    kind: str = "identifying",
    source: str = "given",
    collected_at: Sequence[str] = (),
    on_erasure: Erasure | Mapping[str, Erasure] | None = None,
    holds: Sequence[str] = (),
    plain: Mapping[str, str] | None = None,
    expires: str | Expire | Sequence[str | Expire] = (),
    export: Sequence[str] = (),
    access: bool = False,
) -> None:
    """Declare ``model`` when it is installed, by the words of ``PersonalData``."""
    model = installed(model) if isinstance(model, str) else model
    if model is None:
        return
    names = {field.name for field in model._meta.get_fields()}
    body: dict[str, Any] = {
        "__doc__": f"Bundled declaration of {model._meta.label}.",
        "subject": subject,
        "category": category,
        "purpose": purpose,
        "legal_basis": legal_basis,
        "kind": kind,
        "source": source,
        "collected_at": tuple(collected_at),
        "on_erasure": _present(on_erasure or Delete(), names),
        "holds": tuple(name for name in holds if name in names),
        "plain": {name: reason for name, reason in (plain or {}).items() if name in names},
        "expires": expires,
        "export": tuple(name for name in export if name in names),
        "access": access,
    }
    registry.declare(model, type(f"{model._meta.object_name}Data", (PersonalData,), body), bundled=True)


def exclude(label: str, reason: str) -> None:
    """Exclude a model when it is installed."""
    if installed(label) is not None:
        registry.exclude(label, reason=reason, bundled=True)


def _present(erasure: Erasure | Mapping[str, Erasure], names: set[str]) -> Any:
    if isinstance(erasure, Mapping):
        return {side: _present(item, names) for side, item in erasure.items()}
    if isinstance(erasure, Anonymise):
        return Anonymise(**{name: value for name, value in erasure.values.items() if name in names})
    return erasure
