"""A decision is a line of the ledger, tied to the words that were shown, and changes nothing that stands there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from privacy.consent import signals
from privacy.consent.commitments import is_proved
from privacy.consent.models import Choice, ConsentContext, ConsentRecord, Wording
from privacy.consent.people import Network, NoPerson, Person
from privacy.consent.permission import may_process
from privacy.consent.queries import UnknownPurpose, last_word
from privacy.consent.services import (
    NobodyIsAsked,
    NoConsentFrom,
    NothingToWithdraw,
    UnknownSurface,
    WordingReplaced,
    add_wording,
    withdraw,
)
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.querysets import EvidenceImmutable
from tests.consent.conftest import PROFILE, answer, wording

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_from_one_consent_record_the_exact_text_and_choice_come_back_byte_for_byte(
    member: Person, profile: Callable[..., None], now: datetime, actor: Actor
) -> None:
    odd = " Yes, – “quoted” \t\r\n ſ é é \U0001f4ec\u200b \n\n "
    add_wording(purpose="newsletter", version="2", language="en", text=odd, now=now + DAY, actor=actor)
    key = answer(member, now + 2 * DAY).pk
    add_wording(purpose="newsletter", version="3", language="en", text="Later words", now=now + 3 * DAY, actor=actor)
    profile(PROFILE.replace("News by mail", "Another title"))
    record = ConsentRecord.objects.get(pk=key)
    assert record.wording is not None
    assert record.wording.text.encode() == odd.encode()
    assert (record.decision, record.wording.version, record.language) == ("given", "2", "en")
    assert record.surface == "page:signup"


def test_line_ends_of_a_profile_are_kept_as_they_were_served(member: Person, now: datetime) -> None:
    record = answer(member, now)
    assert record.wording is not None
    assert record.wording.text == "Send me  news,\r\nby mail…"


def test_a_decision_changes_nothing_that_stands_in_the_ledger(member: Person, now: datetime) -> None:
    first = answer(member, now)
    before = ConsentRecord.objects.filter(pk=first.pk).values().get()
    answer(member, now + DAY, Choice.REFUSED)
    answer(member, now + 2 * DAY)
    withdraw(person=member, purpose="newsletter", surface="account", now=now + 3 * DAY, actor=Actor.system("tests"))
    assert ConsentRecord.objects.filter(pk=first.pk).values().get() == before
    decisions = list(ConsentRecord.objects.oldest_first().values_list("decision", flat=True))
    assert decisions == ["given", "withdrawn", "given", "withdrawn"]
    last = last_word(member, "newsletter")
    chain = []
    while last is not None:
        chain.append(last.decision)
        last = last.previous
    assert chain == decisions[::-1]


def test_the_ledger_refuses_to_be_changed(member: Person, now: datetime) -> None:
    record = answer(member, now)
    record.surface = "paper"
    with pytest.raises(EvidenceImmutable, match=r"privacy\.ConsentRecord"):
        record.save()
    for rows in (ConsentRecord.objects.all(), Wording.objects.all()):
        with pytest.raises(EvidenceImmutable):
            rows.update(language="xx")
        with pytest.raises(EvidenceImmutable):
            rows.delete()


def test_immutable_rows_hold_no_key_of_a_person(member: Person, stranger: Person, now: datetime) -> None:
    for person in (member, stranger):
        answer(person, now)
    contexts = ConsentContext.objects.all()
    secret = {word for row in contexts for word in (row.user_key, row.digest, row.pseudonym, row.network) if word}
    assert len(secret) == 4
    for row in ConsentRecord.objects.values():
        texts = {str(value) for name, value in row.items() if name not in ("id", "previous_id")}
        assert not texts & secret
        assert not any("example.org" in text.lower() for text in texts)


def test_only_the_network_is_kept_and_no_address(member: Person, stranger: Person, now: datetime) -> None:
    answer(member, now)
    answer(stranger, now, network=Network.of_address("2001:db8:1:2:3:4:5:6"))
    found = set(ConsentContext.objects.values_list("network", "digest"))
    assert found == {("192.0.2.0", ""), ("2001:db8:1::", stranger.digest)}
    assert Network.of_address("nonsense").network == ""


def test_a_person_is_a_member_or_an_address(db: None) -> None:
    for wrong in ({}, {"user_key": "1", "address": "a@example.org"}, {"address": "  "}):
        with pytest.raises(NoPerson):
            Person(**wrong)
    assert "marian" not in repr(Person(address="marian@example.org"))


def test_the_same_address_in_another_spelling_is_the_same_person(stranger: Person, now: datetime) -> None:
    answer(stranger, now)
    assert may_process(Person(address=" marian@example.ORG "), "newsletter", now=now + DAY)
    assert not may_process(Person(address="marion@example.org"), "newsletter", now=now + DAY)


def test_a_digest_made_under_an_older_key_still_finds_its_person(
    stranger: Person, now: datetime, settings: Any
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": ["an older key of thirty-two signs!"]}
    answer(stranger, now)
    settings.PRIVACY = {
        **settings.PRIVACY,
        "PSEUDONYM_KEYS": ["a newer key of thirty-two letters", "an older key of thirty-two signs!"],
    }
    assert may_process(stranger, "newsletter", now=now + DAY)
    answer(stranger, now + DAY, Choice.REFUSED)
    assert not may_process(stranger, "newsletter", now=now + 2 * DAY)
    assert ConsentContext.objects.of(stranger).last_words().count() == 1


def test_a_grant_ends_by_itself_at_its_period(member: Person, now: datetime) -> None:
    record = answer(member, now)
    # 13 calendar months from a noon in March, in the site's zone, which changed its clocks meanwhile.
    end = datetime(2027, 4, 16, 11, 0, tzinfo=UTC)
    assert record.expires_at == end
    assert may_process(member, "newsletter", now=end - timedelta(seconds=1))
    assert not may_process(member, "newsletter", now=end)


def test_withdrawal_acts_for_the_future_only(member: Person, now: datetime, actor: Actor) -> None:
    given = answer(member, now)
    withdraw(person=member, purpose="newsletter", surface="account", now=now + DAY, actor=actor)
    assert not may_process(member, "newsletter", now=now + DAY)
    record = ConsentRecord.objects.get(pk=given.pk)
    assert (record.decision, record.at) == ("given", now)
    assert is_proved(record, record.context)


def test_there_must_be_a_grant_to_take_back(member: Person, now: datetime, actor: Actor) -> None:
    with pytest.raises(NothingToWithdraw):
        withdraw(person=member, purpose="newsletter", surface="account", now=now, actor=actor)
    answer(member, now, Choice.REFUSED)
    with pytest.raises(NothingToWithdraw):
        withdraw(person=member, purpose="newsletter", surface="account", now=now, actor=actor)
    assert ConsentRecord.objects.count() == 1


@pytest.mark.parametrize(
    "surface", ["acceptance", "continued_use", "browser", "subscription", "default", "import", "browser:gpc"]
)
def test_what_is_no_act_of_the_person_gives_no_consent(member: Person, now: datetime, surface: str) -> None:
    """T15, T25, T18."""
    with pytest.raises(NoConsentFrom):
        answer(member, now, surface=surface)
    assert not ConsentRecord.objects.exists()


def test_an_express_purpose_takes_no_spoken_yes_and_another_does(member: Person, now: datetime) -> None:
    with pytest.raises(NoConsentFrom):
        answer(member, now, surface="phone")
    answer(member, now, purpose="interviews", surface="phone")
    assert may_process(member, "interviews", now=now)


def test_an_unknown_surface_is_refused(member: Person, now: datetime) -> None:
    for surface in ("", "somewhere", "page:", "page:Robin <robin@example.org>"):
        with pytest.raises(UnknownSurface):
            answer(member, now, surface=surface)


def test_words_that_are_served_no_more_are_refused(member: Person, now: datetime, actor: Actor) -> None:
    old = wording()
    add_wording(purpose="newsletter", version="2", language="en", text="New words", now=now, actor=actor)
    with pytest.raises(WordingReplaced):
        answer(member, now + DAY, wording=old)
    with pytest.raises(WordingReplaced):
        answer(member, now + DAY, wording=wording("interviews"))
    with pytest.raises(WordingReplaced):
        answer(member, now + DAY, wording=wording(language="de"))
    answer(member, now + DAY, language="de")


def test_nobody_is_asked_about_a_purpose_that_rests_on_something_else(member: Person, now: datetime) -> None:
    with pytest.raises(NobodyIsAsked):
        answer(member, now, purpose="statistics", wording=wording())
    with pytest.raises(UnknownPurpose):
        answer(member, now, purpose="nonsense", wording=wording())


def test_every_decision_leaves_evidence_in_its_own_transaction(member: Person, now: datetime) -> None:
    record = answer(member, now)
    entry = EvidenceEntry.objects.get(act="consent.given")
    assert entry.label == "privacy.ConsentRecord"
    detail = EvidenceDetail.objects.get(entry=entry)
    assert detail.subject_key == member.user_key
    assert detail.details["commitment"] == record.commitment
    with transaction.atomic():
        answer(member, now + DAY)
        transaction.set_rollback(True)
    assert EvidenceEntry.objects.filter(act="consent.given").count() == ConsentRecord.objects.count() == 1


def test_an_altered_record_or_pseudonym_proves_nothing(member: Person, now: datetime) -> None:
    record = answer(member, now)
    context = record.context
    assert is_proved(record, context)
    context.pseudonym = "somebodyelse"
    assert not is_proved(record, context)
    context.refresh_from_db()
    record.decision = "refused"
    assert not is_proved(record, context)


def test_the_database_keeps_one_last_word_a_person_and_purpose(member: Person, now: datetime) -> None:
    first = answer(member, now)
    answer(member, now + DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentContext.objects.filter(pk=first.pk).update(is_last=True)


def test_rooms_above_are_told_once_it_is_committed(
    member: Person, now: datetime, actor: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[tuple[str, str, Person]] = []

    def on_given(**kwargs: Any) -> None:
        heard.append(("given", kwargs["purpose"], kwargs["person"]))

    def on_withdrawn(**kwargs: Any) -> None:
        heard.append(("withdrawn", kwargs["purpose"], kwargs["person"]))

    signals.given.connect(on_given)
    signals.withdrawn.connect(on_withdrawn)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            answer(member, now)
            assert heard == []
        with django_capture_on_commit_callbacks(execute=True):
            withdraw(person=member, purpose="newsletter", surface="account", now=now, actor=actor)
    finally:
        signals.given.disconnect(on_given)
        signals.withdrawn.disconnect(on_withdrawn)
    assert heard == [("given", "newsletter", member), ("withdrawn", "newsletter", member)]
