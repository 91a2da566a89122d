"""Sites that ask, and sites where going on is agreement; texts to accept, and people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.services import accept
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import publish
from tests.policies.conftest import GOOD, PROFILE

DAY = timedelta(days=1)
ASKS = f"""{PROFILE}
[policies]
companions = {{ privacy = ["terms"] }}

[policies.acceptance]
documents = ["privacy"]
signup = "express"
purchase = "deemed"
contact = "deemed"
ask_again = "material"
"""
BY_USE = f"""{PROFILE}
[policies]
companions = {{ privacy = ["terms"] }}

[policies.acceptance]
documents = ["privacy"]
signup = "deemed"
purchase = "deemed"
visit = "deemed"
continued_use = true
"""
TERMS = "# Terms\n\nBe kind to Test Site.\n"


@pytest.fixture
def publishes(draft: Callable[..., PolicyDraft], actor: Actor, now: datetime) -> Callable[..., PolicyVersion]:
    """``publishes("more words", at=later, material=False)``: the next version of a document."""

    def make(
        more: str = "", *, document: str = "privacy", language: str = "en", at: datetime = now, material: bool = True
    ) -> PolicyVersion:
        text = f"{GOOD if document == 'privacy' else TERMS}\n{more}\n"
        made = draft(text, document=document, language=language)
        made.material = material
        made.save()
        return publish(draft=made, digest=draft_view(made).digest, now=at, actor=actor)

    return make


@pytest.fixture
def asks(profile: Callable[..., None], publishes: Callable[..., PolicyVersion], now: datetime) -> PolicyVersion:
    """A site that asks, with its first privacy policy and its terms."""
    profile(ASKS)
    publishes("Terms.", document="terms", at=now - 30 * DAY)
    return publishes("First.", at=now - 30 * DAY)


@pytest.fixture
def by_use(profile: Callable[..., None], publishes: Callable[..., PolicyVersion], now: datetime) -> PolicyVersion:
    """A site where going on is agreement, with the same texts."""
    profile(BY_USE)
    publishes("Terms.", document="terms", at=now - 30 * DAY)
    return publishes("First.", at=now - 30 * DAY)


@pytest.fixture
def joins(db: None, now: datetime) -> Callable[..., Any]:
    """``joins("ada", at=moment)``: an account that was made then."""

    def make(name: str = "ada", *, at: datetime = now - 10 * DAY) -> Any:
        user = get_user_model().objects.create_user(name, email=f"{name}@example.org", password="x")
        get_user_model().objects.filter(pk=user.pk).update(date_joined=at)
        user.refresh_from_db()
        return user

    return make


def agree(user: Any, *versions: PolicyVersion, at: datetime, **others: Any) -> Any:
    """What the page does when somebody presses its button."""
    keys = [version.pk for version in versions]
    said = {"surface": "page", "language": "en", **others}
    return accept(person=Person.of_user(user), versions=keys, now=at, actor=Actor.member(user), **said)
