"""A site with a profile, and texts that may be published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.evidence import triggers
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import import_text, publish
from privacy.promises.services import load_profile
from tests.messages.conftest import server  # noqa: F401 - a mail server for the tests of this room

PROFILE = """
[site]
code = "TST"
name = "Test Site"
legal_entity = "Test Site Ltd"
postal_address = ["1 Example Street", "Example Town"]
languages = ["en", "de"]
printed_date_label = "Last update"

[site.contacts]
email = "privacy@example.org"

[closure]
after = "P0D"
route = ["self"]

[backups]
kept_for = "P1M"

[[promise]]
id = "TST-1-1"
clause = "§1"
kind = "duty"
says = "A closed account is emptied."
check = "disposal.closed_accounts_empty"

[[promise]]
id = "TST-2-1"
clause = "§2"
kind = "duty"
says = "Backups are gone after a month."
check = "backups.none_over_age"
figure = "P1M"
bound = "ceiling"
setting = "backups.kept_for"
"""

GOOD = """# Privacy policy

Test Site aims to keep as little about you as it can.

## Backups

Backups are kept for {{ promise "backups.kept_for" }}.

## Contact

Write to privacy@example.org, and we answer within thirty (30) days.
"""


@pytest.fixture
def profile(db: None, tmp_path: Path, now: datetime, actor: Actor) -> Callable[..., None]:
    """``profile(text)`` loads it; in force already is the one above."""

    def load(text: str = PROFILE, *, at: datetime = now) -> None:
        path = tmp_path / "profile.toml"
        path.write_text(text, encoding="utf-8")
        load_profile(path=path, now=at, actor=actor)

    load()
    return load


@pytest.fixture
def draft(profile: Callable[..., None], now: datetime, actor: Actor) -> Callable[..., PolicyDraft]:
    """Make a draft: ``draft("text", language="de")``."""

    def make(text: str = GOOD, *, document: str = "privacy", language: str = "en", **others: Any) -> PolicyDraft:
        import_text(raw=text.encode(), document=document, language=language, now=now, actor=actor, **others)
        return PolicyDraft.objects.get(document_id=document, language=language)

    return make


@pytest.fixture
def published(draft: Callable[..., PolicyDraft], now: datetime, actor: Actor) -> Callable[..., PolicyVersion]:
    """The same, published: ``published("text", at=later)``."""

    def make(text: str = GOOD, *, at: datetime = now, **others: Any) -> PolicyVersion:
        made = draft(text, **others)
        return publish(draft=made, digest=draft_view(made).digest, now=at, actor=actor)

    return make


@pytest.fixture
def database_in_hand(db: None, settings: Any) -> None:
    """Somebody owns the database, and has switched off what refuses to change a version."""
    settings.PRIVACY = {**settings.PRIVACY, "EVIDENCE_TRIGGERS": False}
    triggers.remove("default")
