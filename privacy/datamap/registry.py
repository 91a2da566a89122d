"""Who declared what. Filled from each app's ``privacy.py``; it resolves nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from privacy.core.errors import PrivacyError
from privacy.datamap.declarations import ExternalStore, PersonalData

if TYPE_CHECKING:
    from django.db.models import Model

D = TypeVar("D", bound=type[PersonalData])
S = TypeVar("S", bound=type[ExternalStore])


class DeclaredTwice(PrivacyError):
    """A model or store has a declaration already."""


class NotDeclarable(PrivacyError):
    """``register`` got something else than models, or decorates something else than a ``PersonalData``."""


class NoReason(PrivacyError):
    """A model was excluded without saying why."""


class DataRegistry:
    """Declarations by model, exclusions by label, and external stores.

    What ``bundled`` declares yields to a host's own declaration of the same model; two of the
    same origin raise.

    Raises:
        DeclaredTwice: from ``declare``, ``exclude`` and ``add_store``.
        NoReason: from ``exclude``.
    """

    def __init__(self) -> None:
        # The name is Django's: autodiscover_modules restores it when an import fails half-way.
        self._registry: dict[type[Model], type[PersonalData]] = {}
        self._excluded: dict[str, str] = {}
        self._stores: dict[str, type[ExternalStore]] = {}
        self._bundled: set[str] = set()
        self._forget: list[Callable[[], None]] = []

    def declare(self, model: type[Model], data: type[PersonalData], *, bundled: bool = False) -> None:
        concrete = model._meta.concrete_model or model
        if self._claim(concrete._meta.label, bundled):
            self._registry[concrete] = data
            self.changed()

    def exclude(self, label: str, *, reason: str, bundled: bool = False) -> None:
        if not reason.strip():
            raise NoReason(
                field=label, problem="it is excluded without a reason", mend="Say why it holds nobody's data"
            )
        if self._claim(label, bundled):
            self._excluded[label.lower()] = reason
            self.changed()

    def add_store(self, store: type[ExternalStore]) -> None:
        if not store.name or self._stores.get(store.name, store) is not store:
            problem = "this name is taken already" if store.name else "an external store needs a name"
            raise DeclaredTwice(field=store.__name__, problem=problem, mend="Give each store a name of its own")
        self._stores[store.name] = store
        self.changed()

    def declarations(self) -> Mapping[type[Model], type[PersonalData]]:
        return dict(self._registry)

    def exclusions(self) -> Mapping[str, str]:
        """Reasons by lower-case label: a model's, or ``app.Model.field`` for one many-to-many."""
        return dict(self._excluded)

    def stores(self) -> tuple[type[ExternalStore], ...]:
        return tuple(self._stores.values())

    def is_bundled(self, label: str) -> bool:
        return label.lower() in self._bundled

    def on_change(self, forget: Callable[[], None]) -> None:
        """Call ``forget`` whenever a declaration comes or goes, so that nothing resolved is stale."""
        self._forget.append(forget)

    def changed(self) -> None:
        for forget in self._forget:
            forget()

    @contextmanager
    def changed_for_a_while(self) -> Iterator[None]:
        """Undo every change made inside; for tests."""
        saved = dict(self._registry), dict(self._excluded), dict(self._stores), set(self._bundled)
        self.changed()
        try:
            yield
        finally:
            self._registry, self._excluded, self._stores, self._bundled = saved
            self.changed()

    def withdraw(self, model: type[Model]) -> None:
        """Forget a model's declaration or exclusion; nothing happens when there is none."""
        concrete = model._meta.concrete_model or model
        self._registry.pop(concrete, None)
        self._excluded.pop(concrete._meta.label_lower, None)
        self._bundled.discard(concrete._meta.label_lower)
        self.changed()

    def _claim(self, label: str, bundled: bool) -> bool:
        """Make room for an entry; False when a bundled one has to yield to the host's."""
        key = label.lower()
        taken = next((model for model in self._registry if model._meta.label_lower == key), None)
        if taken is not None or key in self._excluded:
            if bundled:
                return False
            if key not in self._bundled:
                raise DeclaredTwice(
                    field=label, problem="it is declared or excluded already", mend="Keep one of the two"
                )
            self._bundled.discard(key)
            self._excluded.pop(key, None)
            if taken is not None:
                del self._registry[taken]
        if bundled:
            self._bundled.add(key)
        return True


registry = DataRegistry()


def register(*models: type[Model]) -> Callable[[D], D]:
    """Declare the personal data of one or several models: a decorator for a ``PersonalData`` class.

    A proxy stands for the model behind it. The model class itself is never altered.

    Raises:
        NotDeclarable: a name instead of the model, no model at all, or a class that is no ``PersonalData``.
        DeclaredTwice: a model has a declaration already.
    """
    if not models or not all(isinstance(model, type) and hasattr(model, "_meta") for model in models):
        raise NotDeclarable(
            field="@register",
            problem="it takes models, and this is none",
            mend="Import the model and write @register(Order), without quotes and with brackets",
        )

    def decorate(data: D) -> D:
        if not (isinstance(data, type) and issubclass(data, PersonalData)):
            raise NotDeclarable(
                field=getattr(data, "__name__", "@register"),
                problem="it is no declaration",
                mend="Write class OrderData(PersonalData)",
            )
        for model in models:
            registry.declare(model, data)
        return data

    return decorate


def exclude(model: type[Model] | str, *, reason: str) -> None:
    """Say that a model, or ``"app.Model.field"`` for one many-to-many, holds nobody's data, and why."""
    registry.exclude(model if isinstance(model, str) else model._meta.label, reason=reason)


def register_store(store: S) -> S:
    """Declare personal data outside the database; a class decorator."""
    registry.add_store(store)
    return store
