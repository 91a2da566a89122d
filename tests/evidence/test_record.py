"""What may be written into an entry, and what stands in which half."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import override_settings

import privacy
from privacy.core.actors import Actor
from privacy.core.pseudonyms import pseudonym
from privacy.evidence.acts import acts, title_of
from privacy.evidence.commitments import commit
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.services import Draft, InvalidEvidence, forget, record, record_many

pytestmark = pytest.mark.django_db
ACT = "evidence.details_expired"
TOKEN = "canary-5f2e81"


def _entry_bytes() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM privacy_evidenceentry")
        return repr(cursor.fetchall())


def test_an_entry_says_when_what_and_how_many(now: datetime, actor: Actor) -> None:
    entry = record(act=ACT, now=now, actor=actor, label="auth.User", counts={"rows": 2})
    stored = EvidenceEntry.objects.get()
    assert stored == entry
    assert (stored.at, stored.act, stored.label, stored.counts) == (now, ACT, "auth.User", {"rows": 2})
    assert re.fullmatch("[0-9a-f]{64}", stored.commitment)


def test_who_and_about_whom_stand_in_the_erasable_half(now: datetime) -> None:
    actor = Actor("staff", key="77", name="")
    entry = record(act=ACT, now=now, actor=actor, subject="42", details={"why": "asked", "when": now})
    detail = EvidenceDetail.objects.get(entry=entry)
    assert (detail.actor_kind, detail.actor_key, detail.subject_key) == ("staff", "77", "42")
    assert detail.subject == pseudonym("subject", "42")
    assert detail.details == {"why": "asked", "when": now.isoformat()}


def test_the_erasable_half_always_has_an_end(now: datetime, actor: Actor) -> None:
    with override_settings(PRIVACY={"EVIDENCE_DETAILS_KEPT": "P1M"}):
        default = record(act=ACT, now=now, actor=actor)
    given = record(act=ACT, now=now, actor=actor, until=now + timedelta(days=3))
    assert default.detail.until == datetime(2026, 4, 16, 11, tzinfo=UTC)  # noon in Berlin, by then in summer time
    assert given.detail.until == now + timedelta(days=3)


def test_no_value_of_a_person_reaches_an_entry(now: datetime) -> None:
    user = get_user_model().objects.create_user(f"{TOKEN}-name", f"{TOKEN}@example.org", "secret")
    for n in range(3):
        record(
            act=ACT,
            now=now,
            actor=Actor("member", key=f"{TOKEN}-key", name=f"{TOKEN}-actor"),
            label=user._meta.label,
            counts={"rows": n},
            subject=f"{TOKEN}-{user.pk}",
            details={TOKEN: [user.get_username(), user.email]},
        )
    assert TOKEN not in _entry_bytes()
    assert pseudonym("subject", f"{TOKEN}-{user.pk}") not in _entry_bytes()
    assert TOKEN not in "".join(str(entry) for entry in EvidenceEntry.objects.all())
    assert TOKEN not in "".join(str(detail) for detail in EvidenceDetail.objects.all())


@pytest.mark.parametrize(
    "label",
    [
        "",
        "auth.User",
        "privacy.EvidenceDetail",
        "auth.User:last_login",
        "auth.User:last_login:P13M",
        "auth.User:last_login: P13M → P1Y",
        "first, filter changed",
        "awaiting_approval",
        "Privacy: the night",
        "HTC",
    ],
)
def test_a_label_names_a_kind_of_thing(label: str, now: datetime, actor: Actor) -> None:
    assert record(act=ACT, now=now, actor=actor, label=label).label == label


@pytest.mark.parametrize(
    "label",
    [
        "anna@example.org",
        "Anna Schmidt",
        "Anna",
        "anna.schmidt",
        "42",
        "192.0.2.1",
        "+49 170 1234567",
        "auth.User:42",
        "auth.User object (42)",
        "auth.User:anna@example.org",
        "auth.User\n",
        "a" * 201,
    ],
)
def test_a_label_that_could_name_a_person_is_refused_without_repeating_it(
    label: str, now: datetime, actor: Actor
) -> None:
    with pytest.raises(InvalidEvidence) as refusal:
        record(act=ACT, now=now, actor=actor, label=label)
    assert refusal.value.field == "label"
    assert label not in str(refusal.value)
    assert not EvidenceEntry.objects.exists()


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        ({"rows": "2"}, "whole number"),
        ({"rows": 1.5}, "whole number"),
        ({"rows": True}, "whole number"),
        ({"anna@example.org": 1}, "plain word"),
        ({1: 1}, "plain word"),
        ({"": 1}, "plain word"),
    ],
)
def test_counts_are_words_and_whole_numbers(counts: Any, problem: str, now: datetime, actor: Actor) -> None:
    with pytest.raises(InvalidEvidence, match=problem):
        record(act=ACT, now=now, actor=actor, counts=counts)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"act": "nobody.registered_this"}, "act"),
        ({"now": datetime(2026, 1, 1)}, "now"),
        ({"until": datetime(2026, 1, 1)}, "until"),
        ({"details": {"x": object()}}, "details"),
        ({"details": {"x": float("nan")}}, "details"),
    ],
)
def test_a_wrong_argument_is_named_with_its_mend(
    wrong: dict[str, Any], field: str, now: datetime, actor: Actor
) -> None:
    with pytest.raises(InvalidEvidence) as refusal:
        record(**{"act": ACT, "now": now, "actor": actor, **wrong})
    assert refusal.value.field == field
    assert refusal.value.mend


def test_of_many_drafts_all_are_written_or_none(now: datetime, actor: Actor) -> None:
    with pytest.raises(InvalidEvidence):
        record_many(drafts=[Draft(ACT), Draft("nobody.registered_this")], now=now, actor=actor)
    assert not EvidenceEntry.objects.exists()


def test_what_is_rolled_back_leaves_no_evidence(now: datetime, actor: Actor) -> None:
    with transaction.atomic():
        record(act=ACT, now=now, actor=actor)
        transaction.set_rollback(True)
    assert not EvidenceEntry.objects.exists()
    assert not EvidenceDetail.objects.exists()


def _queries(drafts: int, now: datetime, actor: Actor) -> int:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        keys = record_many(drafts=[Draft(ACT, subject=str(n)) for n in range(drafts)], now=now, actor=actor)
    subject_of = dict(EvidenceDetail.objects.filter(pk__in=keys).values_list("entry", "subject_key"))
    assert [subject_of[key] for key in keys] == [str(n) for n in range(drafts)]
    return sum("INSERT" in query["sql"] for query in captured.captured_queries)


def test_a_batch_is_two_inserts_whatever_its_size(now: datetime, actor: Actor) -> None:
    assert {_queries(size, now, actor) for size in (1, 10, 100)} == {2}


def test_many_batches_grow_with_the_batches_and_not_with_the_rows(now: datetime, actor: Actor) -> None:
    assert _queries(1000, now, actor) <= 16


def test_forgetting_people_drops_their_half_and_no_others(now: datetime, django_assert_max_num_queries: Any) -> None:
    entries = [record(act=ACT, now=now, actor=Actor.system("night"), subject=str(n)) for n in range(5)]
    acted = record(act=ACT, now=now, actor=Actor("member", key="3"))
    with django_assert_max_num_queries(3):
        assert forget(subjects=["1", "3", "", "unknown"]) == 3
    left = set(EvidenceDetail.objects.values_list("entry", flat=True))
    assert left == {entries[n].pk for n in (0, 2, 4)}
    assert acted.pk not in left
    assert EvidenceEntry.objects.count() == 6
    assert forget(subjects=[]) == 0


def test_forgetting_a_thousand_people_is_a_handful_of_statements(
    now: datetime, actor: Actor, django_assert_max_num_queries: Any
) -> None:
    record_many(drafts=[Draft(ACT, subject=str(n)) for n in range(1000)], now=now, actor=actor)
    with django_assert_max_num_queries(8):
        assert forget(subjects=[str(n) for n in range(1000)]) == 1000


def test_acts_are_read_by_their_titles() -> None:
    assert title_of(ACT) == "Details of old evidence removed"
    assert title_of("gone.act") == "gone.act"


def test_every_act_that_the_app_writes_is_registered_with_a_title() -> None:
    root = Path(privacy.__file__).parent
    written = {
        name
        for file in root.rglob("*.py")
        for name in re.findall(r"""\b(?:act|_REGISTERED)\s*=\s*\(?\s*"([a-z_]+\.[a-z_]+)\"""", file.read_text())
    }
    assert {"retention.night", "disposal.account_erased"} <= written
    assert written - set(acts.names()) == set()
    assert all(str(act.title) for act in acts)


def test_an_entry_survives_the_round_trip_of_its_json(now: datetime, actor: Actor) -> None:
    counts = {"zebra": 1, "ant": 2**53 + 1, "mule": -1, "disposal.closures: accounts": 0}
    entry = record(act=ACT, now=now, actor=actor, counts=counts, details={"text": "ü\0\ud83d\ude00", "float": 1e16})
    stored = EvidenceEntry.objects.get()
    assert stored.counts == counts
    assert json.loads(stored.detail.content)["details"]["float"] == 1e16
    assert stored.commitment == entry.commitment


@pytest.mark.parametrize("unfit", [True, 1.0])
def test_an_amount_that_only_equals_a_number_is_refused_behind_that_number_too(
    unfit: Any, now: datetime, actor: Actor
) -> None:
    drafts = [Draft(ACT, counts={"rows": 1}), Draft(ACT, counts={"rows": unfit})]
    with pytest.raises(InvalidEvidence, match="counts"):
        record_many(drafts=drafts, now=now, actor=actor)
    assert not EvidenceEntry.objects.exists()


def test_what_one_draft_differs_in_from_the_one_before_is_committed_to(now: datetime, actor: Actor) -> None:
    until = now + timedelta(days=3)
    drafts = [
        Draft(ACT, counts={"rows": 1}),
        Draft(ACT, counts={"rows": 2}),
        Draft(ACT, "auth.User", counts={"rows": 2}),
        Draft("evidence.gap_recorded", "auth.User", counts={"rows": 2}),
        Draft(ACT, counts={"rows": 1}),
        Draft("evidence.gap_recorded", "auth.User", counts={"rows": 2}, until=until),
    ]
    keys = record_many(drafts=drafts, now=now, actor=actor)
    for key, draft in zip(keys, drafts, strict=True):
        entry = EvidenceEntry.objects.select_related("detail").get(pk=key)
        assert (entry.act, entry.label, entry.counts) == (draft.act, draft.label, draft.counts)
        assert commit(entry, entry.detail.salt, entry.detail.content) == entry.commitment
    assert EvidenceDetail.objects.get(entry=keys[-1]).until == until


def test_an_end_without_a_time_zone_is_refused_behind_one_that_has_it(now: datetime, actor: Actor) -> None:
    ends = (now, now.replace(tzinfo=None))
    with pytest.raises(InvalidEvidence, match="until"):
        record_many(drafts=[Draft(ACT, until=end) for end in ends], now=now, actor=actor)
