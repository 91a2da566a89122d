"""What every test gets: a fixed moment, an actor, people, folders of its own, and registries as the app left them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.test import Client, TestCase, TransactionTestCase
from hypothesis import settings as hypothesis_settings

from privacy.core import registries
from privacy.core import replayers as core_replayers
from privacy.core.actors import Actor
from privacy.core.registry import Registry
from privacy.datamap.registry import registry
from tests import flushing
from tests.people import client_of

# How long one example takes says what else the machine does, not whether the code is right.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")

#: PRIVACY_TEST_TRIGGERS=keep leaves the evidence triggers in place. A test that flushes its
#: database would meet them and fail, as it should, so those tests sit this one run out.
TRIGGERS_KEPT = os.environ.get("PRIVACY_TEST_TRIGGERS") == "keep"


def pytest_configure() -> None:
    flushing.delete_instead_of_truncate()


def _flushes_the_database(item: pytest.Item) -> bool:
    case = getattr(item, "cls", None)
    if case is not None and issubclass(case, TransactionTestCase):
        return not issubclass(case, TestCase)
    marker = item.get_closest_marker("django_db")
    if marker is not None and (marker.kwargs.get("transaction") or (marker.args and marker.args[0])):
        return True
    return bool({"transactional_db", "live_server"}.intersection(getattr(item, "fixturenames", ())))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not TRIGGERS_KEPT:
        return
    for item in items:
        if _flushes_the_database(item):
            item.add_marker(pytest.mark.skip(reason="it flushes the database, and the evidence triggers are kept"))


@pytest.fixture
def now() -> datetime:
    """A Monday noon, in UTC, far from any change of clocks."""
    return datetime(2026, 3, 16, 12, 0, tzinfo=UTC)


@pytest.fixture
def actor() -> Actor:
    """The software itself: most services do not care who acts."""
    return Actor.system("tests")


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """Make somebody: ``person("ada")``, ``person("sam", staff=True, may=["view_promise"])``."""

    def make(name: str, *, staff: bool = False, may: list[str] | None = None) -> Any:
        user = get_user_model().objects.create_user(name, email=f"{name}@example.org", password="x", is_staff=staff)
        if may:
            from django.contrib.auth.models import Permission  # models, before Django is set up

            user.user_permissions.set(Permission.objects.filter(content_type__app_label="privacy", codename__in=may))
        return user

    return make


@pytest.fixture
def member(person: Callable[..., Any]) -> Client:
    return client_of(person("ada"))


@pytest.fixture
def chief(db: None) -> Client:
    """Staff with every permission."""
    return client_of(get_user_model().objects.create_superuser("chief", email="chief@example.org", password="x"))


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Path:
    """Uploads and dumps of one test never reach another, nor the next run."""
    folder = tmp_path_factory.mktemp("site", numbered=True)
    settings.MEDIA_ROOT = str(folder / "media")
    dumps = {**settings.STORAGES["dbbackup"], "OPTIONS": {"location": str(folder / "dumps")}}
    settings.STORAGES = {**settings.STORAGES, "dbbackup": dumps}
    if "JOURNAL_DIR" in settings.PRIVACY:  # a test that is rolled back looks like a restore to the journal
        settings.PRIVACY = {**settings.PRIVACY, "JOURNAL_DIR": str(folder / "journal")}
    return folder


def _declarations() -> tuple[dict[Any, Any], dict[str, str], dict[str, Any], set[str]]:
    return dict(registry._registry), dict(registry._excluded), dict(registry._stores), set(registry._bundled)


@pytest.fixture(autouse=True)
def _as_the_app_left_it() -> Iterator[None]:
    """Registries and caches are shared by the process: each test finds and leaves them as the app filled them."""
    modules = (registries, core_replayers)
    kinds = [entry for module in modules for entry in vars(module).values() if isinstance(entry, Registry)]
    before = [dict(kind._entries) for kind in kinds]
    declared = _declarations()
    yield
    for kind, entries in zip(kinds, before, strict=True):
        kind._entries = entries
    if _declarations() != declared:
        registry._registry, registry._excluded, registry._stores, registry._bundled = declared
        registry.changed()
    for cache in caches.all(initialized_only=True):
        cache.clear()
