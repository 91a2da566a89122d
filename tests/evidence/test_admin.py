"""The evidence on screen: acts in words, people only with the permission, and nothing to change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.services import forget, record

pytestmark = pytest.mark.django_db
LIST = "admin:privacy_evidenceentry_changelist"
SUBJECT, STAFF = "subject-key-90817", "staff-key-55512"


@pytest.fixture
def entry(now: datetime) -> EvidenceEntry:
    return record(
        act="disposal.account_erased",
        now=now,
        actor=Actor("staff", key=STAFF),
        label="auth.User",
        counts={"rows": 1234},
        subject=SUBJECT,
        details={"channel": "post-office-7731"},
    )


def _client(*names: str) -> Client:
    user = get_user_model().objects.create(username=f"staff-{'-'.join(names)}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def _one(entry: EvidenceEntry) -> str:
    return reverse("admin:privacy_evidenceentry_change", args=[entry.pk])


def test_the_list_says_in_words_what_was_done(entry: EvidenceEntry) -> None:
    page = _client("view_evidenceentry").get(reverse(LIST)).content.decode()
    for words in ("Account erased", "Users", "1,234", "there"):
        assert words in page
    assert "disposal.account_erased</" not in page


def test_a_night_is_told_by_its_steps_and_in_short_by_its_sums(now: datetime, actor: Actor) -> None:
    counts = {
        "retention.schedules: deleted": 41,
        "retention.schedules: host.PageView:viewed_at:delete": 41,
        "disposal.take_over: accounts": 2,
        "disposal.closures: accounts": 3,
    }
    night = record(act="retention.night", now=now, actor=actor, label="awaiting_approval", counts=counts)
    client = _client("view_evidenceentry")
    short = client.get(reverse(LIST)).content.decode()
    assert "41 deleted, 3 accounts" in short
    assert "awaiting approval" in short
    page = client.get(_one(night)).content.decode()
    assert "<dt>Let rows end whose period is over</dt>" in page
    assert "<dt>Destroy closed accounts</dt><dd>3 accounts</dd>" in page


def test_the_list_says_when_the_details_are_erased(entry: EvidenceEntry) -> None:
    forget(subjects=[SUBJECT])
    client = _client("view_evidenceentry", "view_evidence_details")
    assert "erased" in client.get(reverse(LIST)).content.decode()
    page = client.get(_one(entry))
    assert page.status_code == 200
    assert "an earlier export" in page.content.decode()


def test_nothing_personal_is_shown_without_the_permission(entry: EvidenceEntry) -> None:
    client = _client("view_evidenceentry")
    for url in (reverse(LIST), _one(entry)):
        page = client.get(url).content.decode()
        for word in (SUBJECT, STAFF, "post-office-7731", entry.detail.subject, entry.detail.salt):
            assert word not in page


def test_people_are_shown_with_the_permission(entry: EvidenceEntry) -> None:
    page = _client("view_evidenceentry", "view_evidence_details").get(_one(entry)).content.decode()
    for word in (SUBJECT, STAFF, "post-office-7731", entry.detail.subject):
        assert word in page
    assert entry.detail.salt not in page


def test_the_permission_for_people_does_not_open_the_screen_by_itself(entry: EvidenceEntry) -> None:
    client = _client("view_evidence_details")
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(_one(entry)).status_code == 403


def test_the_screen_says_when_details_no_longer_match(entry: EvidenceEntry) -> None:
    client = _client("view_evidenceentry")
    assert "intact" in client.get(_one(entry)).content.decode()
    type(entry.detail).objects.update(subject_key="another")
    assert "altered" in client.get(_one(entry)).content.decode()


@pytest.mark.parametrize("name", ["add", "change", "delete"])
def test_nobody_not_even_a_superuser_may_change_evidence(name: str, entry: EvidenceEntry, admin_client: Any) -> None:
    args = [] if name == "add" else [entry.pk]
    response = admin_client.post(reverse(f"admin:privacy_evidenceentry_{name}", args=args), {"post": "yes"})
    assert response.status_code == 403
    assert EvidenceEntry.objects.get().commitment == entry.commitment


def test_there_is_no_action_on_the_list(entry: EvidenceEntry, admin_client: Any) -> None:
    page = admin_client.get(reverse(LIST)).content.decode()
    assert "delete_selected" not in page
    assert 'name="action"' not in page


def test_the_list_can_be_narrowed_to_an_act(entry: EvidenceEntry, now: datetime, actor: Actor) -> None:
    record(act="retention.night", now=now, actor=actor)
    client = _client("view_evidenceentry")
    page = client.get(reverse(LIST), {"act": "retention.night"}).content.decode()
    assert "1 evidence" in page.lower() or page.count("field-title") == 1
    assert page.count("field-title") == 1


def test_an_empty_list_says_so() -> None:
    assert "No evidence yet" in _client("view_evidenceentry").get(reverse(LIST)).content.decode()


def test_the_cost_of_the_list_does_not_grow_with_its_rows(now: datetime, actor: Actor) -> None:
    client = _client("view_evidenceentry")

    def queries_with(more: int) -> int:
        for n in range(more):
            record(act="retention.night", now=now, actor=actor, subject=str(n))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(LIST))
        return len(queries)

    queries_with(1)  # caches are warm from here on
    few = queries_with(2)
    assert few <= 18
    assert queries_with(40) == few


def test_an_act_and_a_label_that_no_room_knows_any_more_are_shown_as_they_stand(now: datetime) -> None:
    EvidenceEntry.objects.create(at=now, act="gone.act", label="gone.Model", commitment="x")
    page = _client("view_evidenceentry").get(reverse(LIST)).content.decode()
    assert "gone.act" in page
    assert "gone.Model" in page
