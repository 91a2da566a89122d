"""People who ask the API, and a site that has a row of everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from tests.api.planting import plant


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """Make somebody: ``person("ada")``, ``person("sam", staff=True, may=["view_promise"])``."""

    def make(name: str, *, staff: bool = False, may: list[str] | None = None) -> Any:
        user = get_user_model().objects.create_user(name, email=f"{name}@example.org", password="x", is_staff=staff)
        if may:
            user.user_permissions.set(Permission.objects.filter(content_type__app_label="privacy", codename__in=may))
        return user

    return make


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def member(person: Callable[..., Any]) -> Client:
    return client_of(person("ada"))


@pytest.fixture
def chief(db: None) -> Client:
    """Staff with every permission."""
    return client_of(get_user_model().objects.create_superuser("chief", email="chief@example.org", password="x"))


@pytest.fixture
def planted(db: None, now: datetime) -> None:
    """A row, and more than one, of everything that the API shows."""
    plant(now, rows=2)
