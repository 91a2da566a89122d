"""Purposes as a profile declares them, a member, and somebody without an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.consent.models import Choice, ConsentRecord, Wording
from privacy.consent.people import Network, Person
from privacy.consent.services import decide
from privacy.core.actors import Actor
from privacy.promises.services import load_profile

PASSWORD = "correct horse battery"
PROFILE = """
[site]
code = "TST"
name = "Test Site"
postal_address = ["1 Example Street", "Example Town"]
languages = ["en", "de"]

[site.contacts]
email = "privacy@example.org"

[closure]
after = "P0D"
route = ["self"]

[consent]
proof_kept = "P3Y"

[[consent.purposes]]
code = "newsletter"
title = "News by mail"
legal_basis = "consent"
category = "contact"
period = "P13M"
express = true
marketing = true
covers = ["promotion"]
version = "1"
wordings = { en = "Send me  news,\\r\\nby mail…", de = "Schickt mir Neues per Post." }

[[consent.purposes]]
code = "interviews"
title = "Interviews"
legal_basis = "consent"
category = "contact"
period = "P1Y"
express = false
version = "1"
wordings = { en = "You may ring me up for an interview." }

[[consent.purposes]]
code = "statistics"
title = "Statistics"
legal_basis = "legitimate_interests"
category = "usage"

[[consent.purposes]]
code = "offers"
title = "Offers to customers"
legal_basis = "legitimate_interests"
category = "contact"
marketing = true

[[promise]]
id = "TST-1-1"
clause = "§1"
kind = "duty"
says = "A closed account is emptied."
check = "disposal.closed_accounts_empty"
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
def user(profile: Callable[..., None]) -> Any:
    return get_user_model().objects.create_user("robin", "robin@example.org", PASSWORD)


@pytest.fixture
def member(user: Any) -> Person:
    return Person.of_user(user)


@pytest.fixture
def stranger(profile: Callable[..., None]) -> Person:
    return Person(address="Marian@Example.org")


def wording(purpose: str = "newsletter", language: str = "en") -> Wording:
    return Wording.objects.of(purpose).filter(language=language).newest_first()[0]


def answer(
    person: Person, now: datetime, choice: Choice = Choice.GIVEN, *, purpose: str = "newsletter", **others: Any
) -> ConsentRecord:
    said: dict[str, Any] = {
        "surface": "page:signup",
        "language": "en",
        "network": Network.of_address("192.0.2.77"),
        "actor": Actor("member", key=person.user_key),
        **others,
    }
    said.setdefault("wording", None)
    said["wording"] = said["wording"] or wording(purpose, said["language"])
    return decide(person=person, purpose=purpose, choice=choice, now=now, **said)
