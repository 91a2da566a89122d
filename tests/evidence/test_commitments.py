"""Details prove themselves against the entry, and dropping them leaves the proof standing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.core.actors import Actor
from privacy.evidence.commitments import Revealed, canonical, commit
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.queries import verify_commitment
from privacy.evidence.services import Draft, forget, record, record_many

pytestmark = pytest.mark.django_db
ACT = "evidence.details_expired"


@pytest.fixture
def entry(now: datetime) -> EvidenceEntry:
    made = record(act=ACT, now=now, actor=Actor("staff", key="7"), subject="42", details={"why": "asked"})
    return EvidenceEntry.objects.get(pk=made.pk)


def test_a_detail_verifies_against_its_entry(entry: EvidenceEntry) -> None:
    assert verify_commitment(entry, entry.detail)


@pytest.mark.parametrize(
    "changed",
    [
        {"actor_key": "8"},
        {"actor_kind": "system"},
        {"subject_key": "43"},
        {"subject": "somebodyelse"},
        {"salt": "0" * 64},
        {"content": canonical({"actor": {"kind": "staff", "key": "7", "name": ""}, "details": {}, "subject": {}})},
    ],
)
def test_an_altered_detail_is_found(entry: EvidenceEntry, changed: dict[str, str]) -> None:
    EvidenceDetail.objects.update(**changed)
    entry.refresh_from_db()
    assert not verify_commitment(entry, EvidenceDetail.objects.get())


@pytest.mark.parametrize("changed", [{"act": "other"}, {"label": "auth.Group"}, {"counts": {"rows": 9}}])
def test_a_detail_does_not_fit_an_altered_entry(entry: EvidenceEntry, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        setattr(entry, name, value)
    assert not verify_commitment(entry, entry.detail)


def test_a_detail_does_not_fit_another_entry(entry: EvidenceEntry, now: datetime) -> None:
    other = record(act=ACT, now=now + timedelta(seconds=1), actor=Actor("staff", key="7"), subject="42")
    assert not verify_commitment(other, entry.detail)


def test_after_the_details_are_dropped_an_earlier_export_still_verifies(entry: EvidenceEntry) -> None:
    exported = Revealed(entry.detail.salt, entry.detail.content)
    commitment = entry.commitment
    assert forget(subjects=["42"]) == 1
    left = EvidenceEntry.objects.get(pk=entry.pk)
    assert left.commitment == commitment
    assert not EvidenceDetail.objects.exists()
    assert verify_commitment(left, exported)
    assert not verify_commitment(left, Revealed(exported.salt, exported.content.replace("42", "43")))


def test_equal_acts_have_unlike_commitments_so_that_none_can_be_guessed(now: datetime, actor: Actor) -> None:
    keys = record_many(drafts=[Draft(ACT, subject="42")] * 50, now=now, actor=actor)
    assert len(set(EvidenceEntry.objects.filter(pk__in=keys).values_list("commitment", flat=True))) == 50


def test_the_commitment_is_sha256_over_salt_entry_and_content(entry: EvidenceEntry) -> None:
    head = '{"act":"evidence.details_expired","at":"2026-03-16T12:00:00+00:00","counts":{},"label":""}'
    content = (
        '{"actor":{"key":"7","kind":"staff","name":""},"details":{"why":"asked"},'
        f'"subject":{{"key":"42","pseudonym":"{entry.detail.subject}"}}}}'
    )
    text = f"{entry.detail.salt}\n{head}\n{content}"
    assert entry.commitment == hashlib.sha256(text.encode()).hexdigest()
    assert len(entry.detail.salt) == 64


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_canonical_json_has_one_spelling(value: dict[str, Any]) -> None:
    import json

    text = canonical(value)
    assert text.isascii()
    assert canonical(json.loads(text)) == text
    assert canonical(dict(reversed(value.items()))) == text


def test_the_order_of_counts_in_the_database_does_not_matter(entry: EvidenceEntry) -> None:
    entry.counts = {"b": 1, "a": 2}
    one = commit(entry, "s", "c")
    entry.counts = {"a": 2, "b": 1}
    assert commit(entry, "s", "c") == one
