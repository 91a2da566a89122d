"""Staff write, look at, publish, schedule and withdraw; each act asks for its permission by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from tests.people import client_of
from tests.policies.conftest import GOOD, PROFILE

SEE = ["view_policydraft", "view_policyversion"]


def at(name: str, *args: Any) -> str:
    return reverse(f"admin:privacy_{name}", args=args)


def test_a_text_is_written_looked_at_and_published(profile: Any, chief: Client) -> None:
    written = {"document": "privacy", "language": "en", "form": "markdown", "text": GOOD, "note": "First."}
    response = chief.post(at("policydraft_add"), written, follow=True)
    page = response.content.decode()
    assert "Nothing keeps it from being published" in page
    assert "kept for 1 month" in page
    draft = PolicyDraft.objects.get()
    chief.post(at("policydraft_edit", draft.pk), {**written, "text": GOOD + "\nOne line more.\n"})
    draft.refresh_from_db()
    response = chief.post(at("policydraft_publish", draft.pk), {"digest": draft_view(draft).digest}, follow=True)
    assert "nobody can change this version" in response.content.decode()
    assert "One line more" in PolicyVersion.objects.get().text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_draft_that_a_browser_saves_unchanged_keeps_its_digest(
    draft: Callable[..., PolicyDraft], chief: Client, end: str
) -> None:
    made = draft(GOOD.replace("\n", end))
    before = draft_view(made).digest
    sent = made.text.replace("\r\n", "\n").replace("\n", "\r\n")  # as browsers do with every text box
    chief.post(at("policydraft_edit", made.pk), {"form": made.form, "text": sent, "note": "Said now."})
    made.refresh_from_db()
    assert made.note == "Said now."
    assert draft_view(made).digest == before


def test_a_draft_that_lacks_what_the_profile_asks_for_is_not_called_ready(
    profile: Callable[..., None], draft: Callable[..., PolicyDraft], chief: Client
) -> None:
    profile(PROFILE + '\n[policies]\nchannels = ["posting", "note"]\n')
    made = draft()
    chief.post(at("policydraft_publish", made.pk), {"digest": draft_view(made).digest})
    page = chief.get(at("policydraft_change", draft(GOOD + "\nMore.\n").pk)).content.decode()
    assert "the page is to say what changed" in page
    assert "Publish now" not in page
    assert "Nothing keeps it from being published" not in page


def test_faults_are_listed_with_their_lines_and_the_button_is_not_there(
    draft: Callable[..., PolicyDraft], chief: Client
) -> None:
    made = draft("# Privacy policy\n\nIt takes one (2) days. privacy@example.org")
    page = chief.get(at("policydraft_change", made.pk)).content.decode()
    assert "1 fault keeps it from being published" in page
    assert "word_figure" in page
    assert "Publish now" not in page
    refused = chief.post(at("policydraft_publish", made.pk), {"digest": draft_view(made).digest})
    assert "cannot be published" in refused.content.decode()
    assert not PolicyVersion.objects.exists()


def test_what_cannot_be_kept_is_said_beside_its_box(profile: Any, chief: Client) -> None:
    wrong = {"document": "privacy", "language": "english", "form": "markdown", "text": GOOD}
    assert "this is no language" in chief.post(at("policydraft_add"), wrong).content.decode()
    assert not PolicyDraft.objects.exists()


def test_a_publication_is_scheduled_in_the_sites_own_time_and_called_off(
    draft: Callable[..., PolicyDraft], chief: Client
) -> None:
    made = draft()
    said = {"digest": draft_view(made).digest, "publish_at": "2031-07-01T09:00"}
    page = chief.post(at("policydraft_schedule", made.pk), said, follow=True).content.decode()
    made.refresh_from_db()
    assert str(made.publish_at) == "2031-07-01 07:00:00+00:00"
    assert "It will be published on" in page
    chief.post(at("policydraft_call_off", made.pk))
    made.refresh_from_db()
    assert made.publish_at is None
    past = chief.post(at("policydraft_schedule", made.pk), {**said, "publish_at": "2001-07-01T09:00"})
    assert "this moment is over" in past.content.decode()


def test_the_question_before_a_withdrawal_says_what_is_in_force_afterwards(
    published: Callable[..., PolicyVersion], chief: Client
) -> None:
    def asked(version: PolicyVersion) -> str:
        return chief.get(at("policyversion_withdraw", version.pk)).content.decode()

    first = published()
    assert "Nothing of this document is in force afterwards" in asked(first)
    second = published("Another text. privacy@example.org")
    assert "Version 1 is in force again" in asked(second)
    assert "A later version stands" in asked(first)


def test_a_version_is_withdrawn_with_a_reason_and_listed_so(
    published: Callable[..., PolicyVersion], chief: Client
) -> None:
    version = published()
    address = at("policyversion_withdraw", version.pk)
    assert chief.get(address).status_code == 200
    assert chief.post(address, {"reason": ""}).status_code == 200
    page = chief.post(address, {"reason": "The wrong file."}, follow=True).content.decode()
    assert "The wrong file." in page
    listed = chief.get(at("policyversion_changelist"))
    assert "withdrawn" in listed.content.decode()
    assert "/policyversion/privacy.en.1/change/" in listed.content.decode()


def test_a_text_that_was_changed_in_the_database_is_told(
    database_in_hand: None, published: Callable[..., PolicyVersion], chief: Client
) -> None:
    from django.db import connection

    version = published()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_policyversion SET text = 'other words'")
    assert "not the one that was published" in chief.get(at("policyversion_change", version.pk)).content.decode()


@pytest.mark.parametrize(
    ("door", "needs"),
    [
        ("policydraft_edit", "write_policies"),
        ("policydraft_discard", "write_policies"),
        ("policydraft_publish", "publish_policies"),
        ("policydraft_schedule", "publish_policies"),
        ("policydraft_call_off", "publish_policies"),
        ("policyversion_withdraw", "publish_policies"),
    ],
)
def test_each_act_needs_its_permission(
    published: Callable[..., PolicyVersion],
    draft: Callable[..., PolicyDraft],
    person: Callable[..., Any],
    door: str,
    needs: str,
) -> None:
    row = published().pk if door.startswith("policyversion") else draft().pk
    others = {"write_policies", "publish_policies"} - {needs}
    assert client_of(person("clerk", staff=True, may=[*SEE, *others])).post(at(door, row)).status_code == 403
    assert client_of(person("blind", staff=True, may=[needs])).post(at(door, row)).status_code == 403
    assert client_of(person("chosen", staff=True, may=[*SEE, needs])).post(at(door, row)).status_code in (200, 302)


def test_a_draft_is_discarded_and_a_list_is_empty_in_words(draft: Callable[..., PolicyDraft], chief: Client) -> None:
    made = draft()
    assert chief.get(at("policydraft_changelist")).status_code == 200
    chief.post(at("policydraft_discard", made.pk))
    page = chief.get(at("policydraft_changelist")).content.decode()
    assert "while somebody works on it" in page
    assert chief.get(at("policydraft_edit", made.pk)).status_code == 404
