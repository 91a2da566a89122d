"""Whatever people decide, in whatever order: how they stand is what the ledger says last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from privacy.consent.models import Choice, ConsentContext, ConsentRecord, Purpose
from privacy.consent.people import Person
from privacy.consent.permission import may_process, permitted
from privacy.consent.queries import questions
from privacy.consent.rules import ConsentRules
from privacy.consent.services import (
    NothingToWithdraw,
    add_wording,
    expire_grants,
    forget_address,
    take_over_purposes,
    withdraw,
)
from privacy.core.actors import Actor
from tests.consent.conftest import answer, wording

ACTOR = Actor.system("tests")
START = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
PEOPLE = (Person(user_key="1"), Person(user_key="2"), Person(address="a@example.org"), Person(address="B@example.org"))
CODES = ("newsletter", "interviews")
RULES = ConsentRules.parse(
    {
        "purposes": [
            {
                "code": code,
                "title": code,
                "legal_basis": "consent",
                "category": "contact",
                "period": period,
                "version": "1",
                "wordings": {"en": f"{code}?"},
            }
            for code, period in zip(CODES, ("P1M", "P10D"), strict=True)
        ]
    }
)
people, codes = st.sampled_from(PEOPLE), st.sampled_from(CODES)


class Ledger(RuleBasedStateMachine):
    """The ledger is read line by line, by its own order and nothing else; the app is asked how people stand."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.words = 1
        #: What a reader notes beside each line: whose it is. The ledger itself does not say.
        self.whose: dict[int, tuple[Person, str]] = {}
        self.block = transaction.atomic()
        self.block.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize()
    def declare(self) -> None:
        take_over_purposes(rules=RULES, now=START, actor=ACTOR)

    @rule(person=people, code=codes, choice=st.sampled_from(list(Choice)))
    def decides(self, person: Person, code: str, choice: Choice) -> None:
        record = answer(person, self.now, choice, purpose=code)
        self.whose[record.pk] = (person, code)

    @rule(person=people, code=codes)
    def withdraws(self, person: Person, code: str) -> None:
        last = self._last(person, code)
        if last is None or last.decision != "given":
            with pytest.raises(NothingToWithdraw):
                withdraw(person=person, purpose=code, surface="account", now=self.now, actor=ACTOR)
            return
        record = withdraw(person=person, purpose=code, surface="account", now=self.now, actor=ACTOR)
        self.whose[record.pk] = (person, code)

    @rule(days=st.integers(0, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def a_night_comes(self) -> None:
        expire_grants(now=self.now, actor=ACTOR)
        for record in ConsentRecord.objects.exclude(pk__in=self.whose).oldest_first():
            assert record.previous_id is not None
            self.whose[record.pk] = self.whose[record.previous_id]

    @rule(code=codes)
    def words_change(self, code: str) -> None:
        self.words += 1
        # Later by a second: the newest is served.
        self.now += timedelta(seconds=1)
        text, version = f"{code}, asked anew ({self.words})?", str(self.words)
        add_wording(purpose=code, version=version, language="en", text=text, now=self.now, actor=ACTOR)
        assert wording(code).version == version

    @rule(person=st.sampled_from(PEOPLE[2:]))
    def is_forgotten(self, person: Person) -> None:
        forget_address(person=person, now=self.now, actor=ACTOR)
        self.whose = {pk: whose for pk, whose in self.whose.items() if whose[0] != person} | {
            pk: (Person(user_key="nobody"), code) for pk, (known, code) in self.whose.items() if known == person
        }

    def _last(self, person: Person, code: str) -> ConsentRecord | None:
        theirs = [pk for pk, whose in self.whose.items() if whose == (person, code)]
        return ConsentRecord.objects.get(pk=max(theirs)) if theirs else None

    @invariant()
    def nobody_stands_otherwise_than_the_ledger_says_last(self) -> None:
        if not Purpose.objects.exists():
            return
        for code in CODES:
            last = {person: self._last(person, code) for person in PEOPLE}
            standing = {person for person, record in last.items() if record and self._grants(record)}
            assert {person for person in PEOPLE if may_process(person, code, now=self.now)} == standing
            assert permitted(PEOPLE, code, now=self.now) == standing
            for person in PEOPLE:
                shown = {one.purpose.code: one for one in questions(person, language="en", now=self.now)}
                assert shown[code].record == last[person]
                assert (shown[code].state == "given") == (person in standing)
        assert ConsentContext.objects.count() == ConsentRecord.objects.count() == len(self.whose)

    def _grants(self, record: ConsentRecord) -> bool:
        return record.decision == "given" and record.expires_at is not None and record.expires_at > self.now


@pytest.mark.django_db
@pytest.mark.usefixtures("db")
class TestNoSequenceOfDecisionsLeadsToACurrentStateThatDiffersFromTheLedgersLastWord(Ledger.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
