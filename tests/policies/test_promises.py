"""The live checks of this room: a breach makes them broken, its mending kept, no data leaves them without an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.policies.models import PolicyVersion
from tests.policies.conftest import PROFILE


def ask(name: str, now: datetime) -> Status:
    promise = Promised("TST-1-1", "§1", "It stands as it was published.")
    return live_checks.get(f"policies.{name}").run(CheckContext(now, promise)).status


def write(text: str) -> None:
    """Past the model, as somebody with the database in hand would."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_policyversion SET text = %s WHERE key = 'privacy.en.1'", [text])


def test_a_text_that_was_altered_breaks_the_promise_and_the_right_one_mends_it(
    database_in_hand: None, published: Callable[..., PolicyVersion], now: datetime
) -> None:
    text = published().text
    published()
    assert ask("unaltered", now) == Status.KEPT
    write(text + " ")
    assert ask("unaltered", now) == Status.BROKEN
    write(text)
    assert ask("unaltered", now) == Status.KEPT


def test_a_date_that_is_not_printed_as_promised_is_mended_by_a_new_version(
    published: Callable[..., PolicyVersion], profile: Callable[..., None], now: datetime
) -> None:
    published()
    assert ask("dated", now) == Status.KEPT
    profile(PROFILE.replace('"Last update"', '"As of"'))
    assert ask("dated", now) == Status.BROKEN
    published()
    assert ask("dated", now) == Status.KEPT
    profile(PROFILE.replace('printed_date_label = "Last update"\n', ""))
    published()
    assert ask("dated", now) == Status.BROKEN


def test_nothing_published_leaves_both_without_an_answer(profile: Any, now: datetime) -> None:
    assert {ask("unaltered", now), ask("dated", now)} == {Status.CANNOT_TELL}
