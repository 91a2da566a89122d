"""System checks of the gate, by their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks

from privacy.policies.gate.checks import GATE
from tests.policies.acceptance.conftest import ASKS, BY_USE
from tests.policies.conftest import PROFILE

AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


def found(**more: Any) -> list[str]:
    ids = ("privacy.E610", "privacy.E611", "privacy.W612")
    return [message.id or "" for message in run_checks(**more) if message.id in ids]


@pytest.mark.parametrize(
    ("middleware", "faults"),
    [
        ([SESSIONS, AUTH, GATE], []),
        ([SESSIONS, GATE, AUTH], ["privacy.E610"]),
        ([GATE, SESSIONS, AUTH], ["privacy.E610", "privacy.E610"]),
        ([SESSIONS, AUTH], []),
    ],
)
def test_a_gate_in_the_wrong_place_is_named(settings: Any, middleware: list[str], faults: list[str]) -> None:
    settings.MIDDLEWARE = middleware
    assert found() == faults


@pytest.mark.parametrize(
    ("backend", "alias", "faults"),
    [
        ("filebased.FileBasedCache", "shared", []),
        ("locmem.LocMemCache", "shared", ["privacy.E611"]),
        ("dummy.DummyCache", "shared", ["privacy.E611"]),
        ("filebased.FileBasedCache", "other", ["privacy.E611"]),
    ],
)
def test_a_cache_that_workers_do_not_share_is_named(
    settings: Any, tmp_path: Any, backend: str, alias: str, faults: list[str]
) -> None:
    cache = {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path)}
    settings.CACHES = {**settings.CACHES, "shared": cache}
    settings.PRIVACY = {**settings.PRIVACY, "GATE_CACHE": alias}
    assert found() == faults


@pytest.mark.parametrize(("text", "faults"), [(ASKS, ["privacy.W612"]), (BY_USE, ["privacy.W612"]), (PROFILE, [])])
def test_a_profile_that_needs_the_gate_misses_it(
    profile: Callable[..., None], settings: Any, text: str, faults: list[str]
) -> None:
    profile(text)
    assert found(databases=["default"]) == faults
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, GATE]
    assert found(databases=["default"]) == []


@pytest.mark.parametrize("value", ["/basket/", [""], [1], ["/"]])
def test_a_wrong_list_of_open_addresses_is_named(settings: Any, value: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "GATE_EXEMPT": value}
    assert [message for message in run_checks() if "GATE_EXEMPT" in message.msg]
