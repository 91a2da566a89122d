"""From a file to a version that never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.registries import hourly_steps
from privacy.evidence import triggers
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.querysets import EvidenceImmutable
from privacy.policies.models import PolicyDraft, PolicyVersion, PolicyWithdrawal
from privacy.policies.queries import current, draft_view, page_of
from privacy.policies.services import (
    AlreadyWithdrawn,
    CannotPublish,
    DraftChanged,
    NoReason,
    WrongDraft,
    WrongMoment,
    discard_draft,
    import_text,
    publish,
    publish_due,
    schedule,
    unschedule,
    withdraw,
)
from tests.policies.conftest import GOOD, PROFILE

HOUR = timedelta(hours=1)


def digest(draft: PolicyDraft) -> str:
    return draft_view(draft).digest


def test_a_text_becomes_a_version_word_for_word_with_its_figures_frozen(
    published: Callable[..., PolicyVersion], profile: Callable[..., None], now: datetime
) -> None:
    version = published()
    assert (version.pk, version.number, version.form, version.title) == (
        "privacy.en.1",
        1,
        "markdown",
        "Privacy policy",
    )
    assert "Backups are kept for 1 month." in version.text
    (figure,) = version.figure_rows
    assert (figure["name"], figure["figure"], figure["words"]) == ("backups.kept_for", "P1M", "1 month")
    assert version.digest == hashlib.sha256(version.text.encode()).hexdigest()
    assert (version.date_label, version.revised_on) == ("Last update", date(2026, 3, 16))
    assert not PolicyDraft.objects.exists()
    profile(PROFILE.replace("P1M", "P2W"))
    version.refresh_from_db()
    assert "1 month" in version.text


def test_a_figure_is_said_in_the_language_of_the_text(draft: Callable[..., PolicyDraft]) -> None:
    made = draft('Sicherungen: {{ promise "TST-2-1" }}. privacy@example.org', language="de")
    assert "1 Monat" in draft_view(made).text
    assert made.title == "Datenschutzerklärung"


def test_numbers_go_up_for_each_document_and_language(published: Callable[..., PolicyVersion]) -> None:
    keys = [
        published().pk,
        published().pk,
        published(language="de").pk,
        published(document="terms").pk,
    ]
    assert keys == ["privacy.en.1", "privacy.en.2", "privacy.de.1", "terms.en.1"]


@pytest.mark.parametrize(
    "text", ["One (2) days. privacy@example.org", 'For {{ promise "no.such" }}. privacy@example.org']
)
def test_a_text_with_a_fault_is_not_published(
    draft: Callable[..., PolicyDraft], now: datetime, actor: Actor, text: str
) -> None:
    made = draft(text)
    with pytest.raises(CannotPublish) as refused:
        publish(draft=made, digest=digest(made), now=now, actor=actor)
    assert len(refused.value.faults) == 1
    assert not PolicyVersion.objects.exists()
    assert PolicyDraft.objects.get() == made


def test_nothing_is_published_but_what_was_seen(draft: Callable[..., PolicyDraft], now: datetime, actor: Actor) -> None:
    seen = digest(draft())
    made = draft(GOOD + "\nOne line more.\n")
    with pytest.raises(DraftChanged):
        publish(draft=made, digest=seen, now=now, actor=actor)
    publish(draft=made, digest=digest(made), now=now, actor=actor)
    with pytest.raises(DraftChanged):
        publish(draft=made, digest=digest(made), now=now, actor=actor)
    assert PolicyVersion.objects.count() == 1


def test_a_published_version_can_be_changed_and_removed_by_nobody(published: Callable[..., PolicyVersion]) -> None:
    version = published()
    version.text = "Other words"
    for change in (
        version.save,
        version.delete,
        PolicyVersion.objects.all().delete,
        lambda: PolicyVersion.objects.update(text="Other words"),
    ):
        with pytest.raises(EvidenceImmutable):
            change()
    assert PolicyVersion.objects.get().is_unaltered


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE privacy_policyversion SET text = 'other'",
        "DELETE FROM privacy_policyversion",
        "DELETE FROM privacy_policywithdrawal",
    ],
)
def test_the_database_itself_refuses_to_change_a_version(
    published: Callable[..., PolicyVersion], now: datetime, actor: Actor, statement: str
) -> None:
    withdraw(version=published(), reason="A mistake.", now=now, actor=actor)
    connection.check_constraints()  # what is deferred until the commit would keep the table from being altered
    triggers.install("default")
    try:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        triggers.remove("default")


@pytest.mark.parametrize("people", [3, 30])
def test_publishing_takes_as_many_queries_for_any_number_of_accounts(
    draft: Callable[..., PolicyDraft], now: datetime, actor: Actor, people: int
) -> None:
    users = get_user_model()
    users.objects.bulk_create(users(username=f"user{number}") for number in range(people))
    made = draft()
    seen = digest(made)
    with CaptureQueriesContext(connection) as queries:
        publish(draft=made, digest=seen, now=now, actor=actor)
    assert len(queries) <= 20
    assert not [query for query in queries.captured_queries if users._meta.db_table in query["sql"]]


# --- moments ----------------------------------------------------------------------------------


def test_a_scheduled_version_is_published_at_its_moment_and_not_before(
    draft: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    made = draft()
    schedule(draft=made, digest=digest(made), at=now + HOUR, now=now, actor=actor)
    assert publish_due(now=now, actor=actor) == {"published": 0, "refused": 0}
    assert publish_due(now=now + HOUR, actor=actor) == {"published": 1, "refused": 0}
    assert publish_due(now=now + 2 * HOUR, actor=actor) == {"published": 0, "refused": 0}
    assert PolicyVersion.objects.get().published_at == now + HOUR


def test_what_cannot_be_published_any_more_is_called_off_and_says_why(
    draft: Callable[..., PolicyDraft], profile: Callable[..., None], now: datetime, actor: Actor
) -> None:
    made = draft()
    schedule(draft=made, digest=digest(made), at=now + HOUR, now=now, actor=actor)
    profile(PROFILE.replace("Test Site", "New Name"))
    assert publish_due(now=now + HOUR, actor=actor) == {"published": 0, "refused": 1}
    made.refresh_from_db()
    assert made.publish_at is None
    assert "unknown_entity" in made.refusal


def test_a_change_and_a_word_call_a_scheduled_publication_off(
    draft: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    made = draft()
    schedule(draft=made, digest=digest(made), at=now + HOUR, now=now, actor=actor)
    made = draft(GOOD + "\nOne line more.\n")
    assert made.publish_at is None
    schedule(draft=made, digest=digest(made), at=now + HOUR, now=now, actor=actor)
    unschedule(draft=made, now=now, actor=actor)
    assert publish_due(now=now + HOUR, actor=actor)["published"] == 0
    with pytest.raises(WrongMoment):
        schedule(draft=made, digest=digest(made), at=now, now=now, actor=actor)
    discard_draft(draft=made, now=now, actor=actor)
    assert not PolicyDraft.objects.exists()


# --- mistakes ---------------------------------------------------------------------------------


def test_a_version_published_by_mistake_is_withdrawn_and_stays_readable(
    published: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    first, second = published(), published(GOOD + "\nBy mistake.\n")
    assert current("privacy", ["en"], now) == second
    withdraw(version=second, reason="The wrong file.", now=now, actor=actor)
    assert current("privacy", ["en"], now) == first
    assert "By mistake" in page_of(PolicyVersion.objects.get(pk=second.pk)).html
    with pytest.raises(AlreadyWithdrawn):
        withdraw(version=second, reason="Again.", now=now, actor=actor)
    with pytest.raises(NoReason):
        withdraw(version=first, reason=" ", now=now, actor=actor)
    assert PolicyWithdrawal.objects.count() == 1
    assert published().number == 3


def test_every_act_leaves_evidence(published: Callable[..., PolicyVersion], now: datetime, actor: Actor) -> None:
    withdraw(version=published(), reason="A mistake.", now=now, actor=actor)
    acts = EvidenceEntry.objects.filter(act__startswith="policies.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["policies.draft_written", "policies.published", "policies.withdrawn"]


# --- importing --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("document", {"document": "Privacy!"}),
        ("language", {"language": "english"}),
        ("language", {"language": "xx-../"}),
        ("format", {"form": "pdf"}),
        ("file", {"raw": b"\xff\xfe"}),
        ("text", {"raw": b" \n "}),
        ("text", {"raw": b"a\0b"}),
        ("text", {"raw": b"a" * 500_001}),
        ("title", {"title": "a" * 201}),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(
    db: None, now: datetime, actor: Actor, field: str, changes: Any
) -> None:
    with pytest.raises(WrongDraft) as refused:
        import_text(**{"raw": b"Text", "document": "privacy", "language": "en", "now": now, "actor": actor, **changes})
    assert refused.value.field == field
    assert not PolicyDraft.objects.exists()


def test_the_languages_of_a_reader_the_site_and_any_come_in_this_order(
    published: Callable[..., PolicyVersion], now: datetime
) -> None:
    german, english = published(language="de"), published()
    assert current("privacy", ["de-AT"], now) == german
    assert current("privacy", ["fr"], now) == english
    assert current("terms", ["en"], now) is None


def test_the_hour_publishes_what_is_due(draft: Callable[..., PolicyDraft], now: datetime, actor: Actor) -> None:
    made = draft()
    schedule(draft=made, digest=digest(made), at=now + HOUR, now=now, actor=actor)
    hourly_steps.get("policies.publish").run(now + HOUR, actor)
    assert PolicyVersion.objects.count() == 1
