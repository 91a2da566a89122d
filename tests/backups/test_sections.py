"""The profile's table about backups."""

from __future__ import annotations

from typing import Any

import pytest

from privacy.backups.sections import WrongBackupRules, parse
from privacy.core.periods import InvalidPeriod, Period
from privacy.core.registries import profile_sections


def test_the_table_is_read_into_typed_rules() -> None:
    rules = parse({"kept_for": "P1M", "regions": ["EU"], "alarm_before": "P5D"})
    assert (rules.kept_for, rules.regions, rules.alarm_before) == (Period(months=1), ("EU",), Period(days=5))


def test_a_site_may_promise_a_region_and_no_period() -> None:
    assert parse({"regions": ["EU"]}).kept_for is None
    assert parse({}).alarm_before == Period(days=3)


def test_dumps_that_live_for_a_day_have_no_warning_before() -> None:
    assert parse({"kept_for": "P1D", "alarm_before": "P0D"}).kept_for == Period(days=1)


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ({"kept_four": "P1M"}, "backups.kept_four"),
        ({"kept_for": "P0D"}, "backups.kept_for"),
        ({"kept_for": "one month"}, "backups.kept_for"),
        ({"kept_for": "P1M", "alarm_before": "P30D"}, "backups.alarm_before"),
        ({"kept_for": "P2D"}, "backups.alarm_before"),
        ({"kept_for": "P1M", "alarm_before": "P1D"}, "backups.alarm_before"),
        ({"regions": "EU"}, "backups.regions"),
        ({"regions": [""]}, "backups.regions"),
    ],
)
def test_a_wrong_table_names_the_key_and_the_mend(table: dict[str, Any], field: str) -> None:
    with pytest.raises((WrongBackupRules, InvalidPeriod)) as caught:
        parse(table)
    assert caught.value.field == field
    assert caught.value.mend


def test_a_promise_can_bind_the_period() -> None:
    section = profile_sections.get("backups")
    assert section.settings["backups.kept_for"](parse({"kept_for": "P1M"})) == Period(months=1)
