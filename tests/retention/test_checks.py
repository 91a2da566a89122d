from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import Tags, run_checks

from privacy.core.errors import PrivacyError
from privacy.core.periods import InvalidPeriod, Period
from privacy.core.registries import profile_sections
from privacy.promises.bounds import find_reader
from privacy.promises.models import ProfileTable
from privacy.retention.checks import check_declared_periods
from privacy.retention.rules import RetentionRules, WrongRetentionRules
from tests.retention.test_schedules import DELETE, promise


@pytest.mark.django_db
class TestDeclaredPeriods:
    def found(self) -> list[Any]:
        return [message for message in run_checks(databases=["default"]) if message.id == "privacy.E301"]

    def test_a_declared_period_weaker_than_the_promise_is_an_error_that_names_clause_and_mend(self) -> None:
        promise("P12M", clause="§11")
        (message,) = self.found()
        assert DELETE in message.msg
        assert "§11" in message.msg
        assert "Declare P1Y" in message.hint

    def test_a_stricter_declaration_is_no_error(self) -> None:
        promise("P13M")
        assert not self.found()

    def test_the_profiles_own_shorter_period_mends_it(self) -> None:
        promise("P12M")
        ProfileTable.objects.create(name="retention", table={"periods": {"events": "P12M"}})
        assert not self.found()

    def test_it_reads_rows_only_when_a_database_is_named(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert check_declared_periods(None) == []

    def test_it_runs_with_the_database_checks(self) -> None:
        assert Tags.database in check_declared_periods.tags  # type: ignore[attr-defined]


class TestProfile:
    @pytest.mark.parametrize(
        ("table", "named"),
        [
            ({"period": {}}, "retention.period"),
            ({"grounds": "law"}, "retention.grounds"),
            ({"grounds": [""]}, "retention.grounds"),
            ({"periods": "P1M"}, "retention.periods"),
            ({"periods": {"events": "a year"}}, "retention.periods.events"),
            ({"periods": {"events": 13}}, "retention.periods.events"),
        ],
    )
    def test_a_wrong_table_names_its_key(self, table: dict[str, Any], named: str) -> None:
        with pytest.raises(PrivacyError) as error:
            RetentionRules.parse(table)
        assert error.value.field == named
        assert error.type in (WrongRetentionRules, InvalidPeriod)

    def test_the_table_is_read(self) -> None:
        rules = RetentionRules.parse({"grounds": ["law", "fraud"], "periods": {"events": "P13M"}})
        assert (rules.grounds, rules.periods) == (("law", "fraud"), {"events": Period(months=13)})

    def test_a_promise_may_bind_any_category(self) -> None:
        reader = find_reader("retention.client contacts")
        assert reader is not None
        assert reader(RetentionRules(periods={"client contacts": Period(months=1)})) == Period(months=1)
        assert reader(RetentionRules()) is None
        settings = profile_sections.get("retention").settings
        assert "retention." not in settings
        assert "closure.after" not in settings
