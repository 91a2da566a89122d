"""A profile to spoil, a section and live checks to ask, with nothing of the real rooms in the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.registries import (
    CheckContext,
    Finding,
    LiveCheck,
    ParamKind,
    ProfileSection,
    live_checks,
    profile_sections,
    providers,
)
from privacy.promises.services import LoadedProfile, load_profile

PROFILE = """
[site]
code = "EXA"
name = "Example Coop"
languages = ["en"]

[site.contacts]
email = "privacy@example.org"

[site.roles]
own = "controller"

[kitchen]
kept_for = "P1M"

[[promise]]
id = "EXA-1-1"
clause = "§1"
kind = "duty"
says = "Leftovers are gone within a month."
check = "kitchen.fridge_empty"
figure = "P1M"
bound = "ceiling"
setting = "kitchen.kept_for"

[[promise]]
id = "EXA-2-1"
clause = "§2"
kind = "fact"
says = "Guests are asked before they are fed."
check = "kitchen.guests_asked"
"""


@dataclass(frozen=True)
class KitchenRules:
    kept_for: Period

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> KitchenRules:
        if unknown := set(table) - {"kept_for", "shelves"}:
            raise PrivacyError(field=f"kitchen.{unknown.pop()}", problem="unknown key", mend="Use kept_for")
        if "shelves" in table:
            table["shelves"].append("this table has another shape than the room expects")
        return cls(Period.parse(table.get("kept_for", "P1M"), field="kitchen.kept_for"))


class Kitchen:
    """Two live checks whose answers a test sets."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[CheckContext], Finding]] = {}
        self.asked: list[CheckContext] = []

    def register(self, name: str, title: str, answer: Finding, params: Mapping[str, ParamKind] | None = None) -> None:
        self.answers[name] = lambda context: answer

        def run(context: CheckContext) -> Finding:
            self.asked.append(context)
            return self.answers[name](context)

        live_checks.add(name, LiveCheck(name, title, run, params or {}))

    def says(self, name: str, answer: Finding) -> None:
        self.answers[name] = lambda context: answer


@pytest.fixture
def kitchen() -> Kitchen:
    """The registries hold this room only; the suite's own fixture puts the others back."""
    for registry in (live_checks, profile_sections, providers):
        for name in registry.names():
            registry.remove(name)
    profile_sections.add(
        "kitchen", ProfileSection("kitchen", KitchenRules.parse, {"kitchen.kept_for": lambda rules: rules.kept_for})
    )
    kitchen = Kitchen()
    kitchen.register(
        "kitchen.fridge_empty",
        "Is the fridge empty in time?",
        Finding.kept("The fridge is empty."),
        {"shelves": "texts", "grace": "period", "freezer": "flag", "brand": "text"},
    )
    kitchen.register("kitchen.guests_asked", "Were all guests asked?", Finding.kept("All guests were asked."))
    return kitchen


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write the profile with pieces replaced, each given as ``("old", "new")``."""

    def write(*changes: tuple[str, str], text: str = PROFILE, name: str = "example.toml") -> Path:
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def load(
    kitchen: Kitchen, write: Callable[..., Path], now: datetime, actor: Actor, db: None
) -> Callable[..., LoadedProfile]:
    def load(*changes: tuple[str, str], text: str = PROFILE) -> LoadedProfile:
        return load_profile(path=write(*changes, text=text), now=now, actor=actor)

    return load
