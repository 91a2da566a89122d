"""The subject graph: every declaration, from a person to each of their rows.

Source: K03 (inventory) and K07 (erasure handlers).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Model

from privacy.datamap import paths
from privacy.datamap.declarations import ExternalStore
from privacy.datamap.registry import registry
from privacy.datamap.resolved import Declared
from privacy.datamap.shapes import BrokenDeclaration, Decision, Expiry, KeptField, Side, Subjects

__all__ = [
    "BrokenDeclaration",
    "Decision",
    "Declared",
    "Expiry",
    "KeptField",
    "Side",
    "Subjects",
    "clear",
    "declared",
    "excluded",
    "find",
    "stores",
    "user_model",
]


@cache
def _resolved() -> dict[type[Model], Declared]:
    return {model: Declared(model, data) for model, data in registry.declarations().items()}


@cache
def _excluded() -> dict[type[Model], str]:
    reasons, found = registry.exclusions(), {}
    for model in apps.get_models(include_auto_created=True):
        # A table made for a many-to-many answers to "app.Model.field" as well.
        for label in {model._meta.label_lower, paths.label_of(model).lower()} & set(reasons):
            found[model] = reasons[label]
    return found


def declared() -> tuple[Declared, ...]:
    """Every declaration, in the order of registration."""
    return tuple(_resolved().values())


def find(model: type[Model]) -> Declared | None:
    """The model's declaration; a proxy shares that of the model behind it."""
    return _resolved().get(model._meta.concrete_model or model)


def excluded() -> Mapping[type[Model], str]:
    """Models that hold nobody's data, with the reason somebody gave."""
    return _excluded()


def stores() -> tuple[ExternalStore, ...]:
    """One instance of each external store."""
    return tuple(store() for store in registry.stores())


def user_model() -> type[models.Model]:
    """The site's user model."""
    return get_user_model()


def clear() -> None:
    """Forget what was resolved; the registry calls it on every change."""
    _resolved.cache_clear()
    _excluded.cache_clear()


registry.on_change(clear)
