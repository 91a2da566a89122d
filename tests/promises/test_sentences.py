"""Every live check of every room answers in whole sentences, which the ledger shows as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from privacy.core.registries import CheckContext, Finding, Promised, Status, live_checks
from privacy.datamap.registry import registry

pytestmark = pytest.mark.django_db


def answers(now: datetime) -> Iterator[tuple[str, Finding]]:
    for check in live_checks:
        for figure, bound in (("", ""), ("P1M", "ceiling")):
            promised = Promised("X-1", "§1", "It is so.", figure=figure, bound=bound)
            yield check.name, check.run(CheckContext(now, promised))


@pytest.fixture
def nothing_declared() -> Iterator[None]:
    with registry.changed_for_a_while():
        for model in list(registry.declarations()):
            registry.withdraw(model)
        yield


def assert_sentence(name: str, found: Finding) -> None:
    assert re.fullmatch(r"[A-Z][^\n]*\w+[^\n]*", found.why), (name, found.why)
    assert len(found.why.split()) >= 4, (name, found.why)
    assert not re.search(r"\b1 \w+s\b", f"{found.why} {found.figure}"), (name, found.why, found.figure)


def test_on_an_empty_site_whoever_cannot_tell_names_what_is_missing_in_a_sentence(
    now: datetime, nothing_declared: None
) -> None:
    missing = {name: found for name, found in answers(now) if found.status == Status.CANNOT_TELL}
    assert len(missing) > 15
    for name, found in missing.items():
        assert_sentence(name, found)
        assert found.why.endswith("."), (name, found.why)


def test_on_a_declared_site_every_answer_is_a_sentence(now: datetime) -> None:
    for name, found in answers(now):
        assert_sentence(name, found)
