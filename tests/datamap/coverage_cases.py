"""What any site's declarations must stand: take one away, and ``check`` names what is missing.

Import ``declaration_cases`` and ``decision_cases`` in a test of a site and parametrise over them::

    @pytest.mark.parametrize("label", declaration_cases("coop"))
    def test_a_missing_declaration_is_named(label): assert_declaration_is_missed(label)

    @pytest.mark.parametrize(("label", "field"), decision_cases("coop"))
    def test_a_missing_decision_is_named(label, field): assert_decision_is_missed(label, field)
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, run_checks

from privacy.datamap import graph
from privacy.datamap.decisions import needing
from privacy.datamap.declarations import Anonymise, PersonalData
from privacy.datamap.graph import Declared
from privacy.datamap.paths import label_of
from privacy.datamap.registry import registry


def declaration_cases(*app_labels: str) -> list[str]:
    """Labels of every declared model of the apps."""
    declared = [item.label for item in graph.declared() if item.model._meta.app_label in app_labels]
    return sorted(declared)


def decision_cases(*app_labels: str) -> list[tuple[str, str]]:
    """Every field of the apps' declared models that needs a decision."""
    return sorted(
        (item.label, field.name)
        for item in graph.declared()
        if item.model._meta.app_label in app_labels
        for field in needing(item)
    )


def errors() -> list[CheckMessage]:
    """What ``manage.py check`` would stop at."""
    return [message for message in run_checks(tags=["privacy"]) if message.level >= 40]


def assert_declaration_is_missed(label: str) -> None:
    """Without its declaration, ``check`` fails and names a field of the model."""
    model = apps.get_model(label)
    with registry.changed_for_a_while():
        registry.withdraw(model)
        assert any(_names(message, label_of(model)) for message in errors()), f"nobody misses {label}"


def assert_decision_is_missed(label: str, field: str) -> None:
    """Without the decision about one field, ``check`` fails and names ``app.Model.field``."""
    model = apps.get_model(label)
    found = graph.find(model)
    assert found is not None
    with registry.changed_for_a_while():
        registry.withdraw(model)
        registry.declare(model, without(found.data, field))
        assert f"{label}.{field}" in {str(message.msg).partition(":")[0] for message in errors()}


def without(data: type[PersonalData], field: str) -> type[PersonalData]:
    """The same declaration, silent about one field."""

    def strip(erasure: Any) -> Any:
        if not isinstance(erasure, Anonymise):
            return erasure
        return Anonymise(**{name: value for name, value in erasure.values.items() if name != field})

    erasure = data.on_erasure
    words: dict[str, Any] = {
        "on_erasure": {side: strip(item) for side, item in erasure.items()}
        if isinstance(erasure, dict)
        else strip(erasure),
        "holds": tuple(name for name in data.holds if name != field),
        "fields": {name: keep for name, keep in data.fields.items() if name != field},
        "plain": {name: reason for name, reason in data.plain.items() if name != field},
    }
    return type(data.__name__, (data,), words)


def resolved(model: Any, **words: Any) -> Declared:
    """A declaration of ``model`` with these words, unregistered; the usual ones are filled in."""
    usual = {"category": "test", "purpose": "test", "legal_basis": "contract"}
    return Declared(model, type("Data", (PersonalData,), {**usual, **words}))


def _names(message: CheckMessage, label: str) -> bool:
    named = str(message.msg).partition(":")[0]
    # A table between two others is called by the field that made it.
    return named == label or named.startswith(f"{label}.")
