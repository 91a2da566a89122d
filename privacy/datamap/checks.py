"""System checks of the data map: what is wrong with a declaration, and what nobody has declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from privacy.core.conf import WrongSetting, settings
from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.datamap.blockers import blockers
from privacy.datamap.coverage import coverage
from privacy.datamap.declarations import ExternalStore
from privacy.datamap.faults import faults
from privacy.datamap.misshapen import misshapen
from privacy.datamap.order import CircularModels, deletion_order
from privacy.datamap.paths import label_of
from privacy.datamap.registry import registry
from privacy.datamap.shapes import BrokenDeclaration, Undeclared


def _message(fault: PrivacyError, code: str) -> Error:
    return Error(f"{fault.field}: {fault.problem}.", hint=f"{fault.mend}.", id=code)


@register(Tags.models, "privacy")
def declarations(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E101 to E107: every declaration resolves, decides about every field and can be carried out."""
    found: list[CheckMessage] = []
    sound = []
    if wrong := [fault for declared in graph.declared() for fault in misshapen(declared.label, declared.data)]:
        return _once([_message(fault, fault.code) for fault in wrong])
    for declared in graph.declared():
        broken = faults(declared)
        found += [_message(fault, fault.code) for fault in broken]
        if not any(fault.code in ("privacy.E101", "privacy.E105") for fault in broken):
            sound.append(declared)
    for declared in sound:
        try:
            found += [_message(fault, fault.code) for fault in blockers(declared)]
        except BrokenDeclaration:
            continue  # another declaration is broken, and is told above
    return _once(found)


@register(Tags.models, "privacy")
def circles(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E108: the declared models can be emptied in some order."""
    try:
        deletion_order(item.model for item in graph.declared())
    except CircularModels as circular:
        return [_message(circular, "privacy.E108")]
    return []


@register(Tags.models, "privacy")
def exclusions(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E109: an exclusion names a model that is installed, so that a typing error hides nothing."""
    known: set[str] = set()
    for model in apps.get_models(include_auto_created=True, include_swapped=True):
        known |= {model._meta.label_lower, label_of(model).lower()}
    return [
        Error(
            f"{label}: no installed model has this name.",
            hint='Write "app.Model", or "app.Model.field" for a many-to-many.',
            id="privacy.E109",
        )
        for label in registry.exclusions()
        if label not in known and not registry.is_bundled(label)
    ]


@register(Tags.models, "privacy")
def stores(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """E110: every external store can erase and verify, and is waited for a time."""
    return [
        Error(f"{store.name}: {problem}.", hint=f"{mend}.", id="privacy.E110")
        for store in registry.stores()
        for problem, mend in _faults_of(store)
    ]


def _faults_of(store: type[ExternalStore]) -> Iterator[tuple[str, str]]:
    for method in ("erase", "verify"):
        if getattr(store, method) is getattr(ExternalStore, method):
            yield f"the store has no {method}()", "Write it: without it nobody is ever known to be gone from there"
    seconds = store.timeout
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
        yield "its timeout is no time in seconds", "Write timeout = 10.0"
    if len(store.name) > 100:
        yield "its name is longer than 100 characters", "Give it a shorter one, and what members read as title"


@register(Tags.models, "privacy")
def undeclared(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W120: every model that leads to a person is declared or excluded with a reason."""
    try:
        level: type[Error | Warning] = Error if settings.coverage == "enforce" else Warning
    except WrongSetting:
        level = Error  # the setting's own check names the key
    return [
        level(
            f"{item.label}.{item.field}: {_leads(item)}, and nobody has declared or excluded it.",
            hint="Declare it in the app's privacy.py, or exclude it with the reason why it holds nobody's data. "
            "privacy_coverage --suggest writes a beginning.",
            id="privacy.W120",
        )
        for item in coverage().undeclared
    ]


def _leads(item: Undeclared) -> str:
    return {
        "user": f'it leads to a user by "{item.path}"',
        "hops": f'it leads to a user in {item.hops} steps by "{item.path}"',
        "generic": f'its generic key "{item.path}" can point at a user',
        "many-to-many": f'it leads to users by the many-to-many path "{item.path}"',
        "address": f'"{item.path}" holds an address of a person',
        "user model": "it is the user model itself",
    }[item.how]


def _once(messages: list[CheckMessage]) -> list[CheckMessage]:
    found: dict[tuple[str, str], CheckMessage] = {}
    for message in messages:
        found.setdefault((str(message.id), str(message.msg)), message)
    return list(found.values())
