"""Many rows at once: what is read back is what was given, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError

from privacy.core.inserting import insert_many
from privacy.disposal.models import SessionIndex

NAMES = ("session_key", "user_key", "seen_at")
THEN = datetime(2026, 3, 29, 0, 30, 0, 123_456, tzinfo=UTC)
WORDS = ["plain", 'with "quotes"', "it's", "back\\slash", "{braces}", "NULL", "Zoë", "%s", "☃", ""]


@pytest.mark.django_db
@pytest.mark.parametrize("returning", [(), ("session_key",)])
def test_more_rows_than_go_at_once_are_as_they_were_given(returning: tuple[str, ...]) -> None:
    rows = [(f"s{n}", WORDS[n % len(WORDS)], THEN + timedelta(hours=n % 3)) for n in range(4_001)]
    back = insert_many(SessionIndex, NAMES, rows, using="default", returning=returning)
    assert set(SessionIndex.objects.values_list(*NAMES)) == set(rows)
    assert sorted(back) == (sorted((key,) for key, _, _ in rows) if returning else [])


@pytest.mark.django_db(transaction=True)
def test_rows_of_which_one_is_refused_are_not_there_by_half() -> None:
    """A caller without a transaction of its own included."""
    rows = [("one", "1", THEN), ("two", "2", THEN), ("one", "3", THEN)]
    with pytest.raises(IntegrityError):
        insert_many(SessionIndex, NAMES, rows, using="default")
    assert not SessionIndex.objects.exists()
