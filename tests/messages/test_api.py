"""Messages by the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from privacy.messages import services
from privacy.messages.models import Mailing, OutboxMessage, Preference, Suppression
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
API = "/api/privacy/messages"
ADDRESS = "robin@example.org"


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"{API}/{path}/", body or {}, content_type="application/json")


def test_a_member_reads_chooses_and_stops(member: Any) -> None:
    client = client_of(member)
    found = {one["topic"]: one for one in client.get(f"{API}/choices/").json()["topics"]}
    assert found["offers"]["channels"] == [{"channel": "email", "wanted": True}]
    assert found["newsletter"]["granted"] is False
    answer = post(client, "choices", {"choices": [{"topic": "offers", "channel": "email", "wanted": False}]})
    assert answer.status_code == 200
    assert Preference.objects.get().wanted is False
    assert post(client, "stop").json()["topics"][0]["stopped"] is True
    assert Suppression.objects.get().source == "page"


@pytest.mark.parametrize(
    "choice",
    [
        {"topic": "nothing", "channel": "email", "wanted": True},
        {"topic": "offers", "channel": "pigeon", "wanted": True},
        {"topic": "offers", "channel": "email"},
        {"topic": "offers", "channel": "email", "wanted": True, "frequency": "hourly"},
    ],
)
def test_a_wrong_choice_is_refused_and_changes_nothing(choice: dict[str, Any], member: Any) -> None:
    assert post(client_of(member), "choices", {"choices": [choice]}).status_code in (400, 409)
    assert not Preference.objects.exists()


def test_nobody_reads_an_address_without_the_permission(person: Callable[..., Any], queue: Any) -> None:
    queue(address=ADDRESS)
    key = OutboxMessage.objects.get().pk
    for may, shown in ((["view_outboxmessage"], None), (["view_outboxmessage", "view_recipients"], ADDRESS)):
        client = client_of(person(f"clerk{len(may)}", staff=True, may=may))
        assert client.get(f"{API}/outbox/{key}/").json()["address"] == shown
        assert client.get(f"{API}/outbox/").json()["results"][0]["address"] == shown


def test_staff_decide_about_a_message_in_doubt(chief: Client, queue: Any) -> None:
    queue(address=ADDRESS)
    OutboxMessage.objects.update(state="ambiguous")
    key = OutboxMessage.objects.get().pk
    assert post(chief, f"outbox/{key}/decide", {"decision": "perhaps"}).status_code == 400
    assert post(chief, f"outbox/{key}/decide", {"decision": "drop"}).json()["state"] == "dropped"
    assert post(chief, f"outbox/{key}/decide", {"decision": "again"}).status_code == 409


def test_a_mailing_tells_how_far_it_is_and_is_paused(chief: Client, now: datetime, actor: Any) -> None:
    mailing = services.write(
        code="x", topic="offers", audience="members", language="en", sender="a@example.org", subject="s", text="t",
        now=now, actor=actor,
    )  # fmt: skip
    Mailing.objects.update(state="preparing", approved_at=now, started_at=now)
    services.prepare(mailing=Mailing.objects.get(), now=now)
    assert chief.get(f"{API}/mailings/{mailing.pk}/").json()["messages"] == {"queued": 1}
    assert post(chief, f"mailings/{mailing.pk}/pause").json()["state"] == "paused"
    assert post(chief, f"mailings/{mailing.pk}/pause").status_code == 409
    assert post(chief, f"mailings/{mailing.pk}/resume").json()["state"] == "running"


def test_an_opt_out_that_came_elsewhere_is_entered(chief: Client) -> None:
    body = {"channel": "email", "address": ADDRESS, "level": "all", "requested_at": "2026-03-01T00:00:00Z"}
    assert post(chief, "opt-outs/enter", body).json() == {"level": "all", "entered": True, "dropped": 0}
    assert post(chief, "opt-outs/enter", body).json()["entered"] is False
    assert post(chief, "opt-outs/enter", {**body, "address": "nobody"}).status_code == 409
    text = chief.get(f"{API}/opt-outs/").content.decode()
    assert '"source":"api"' in text
    assert "robin" not in text


def test_the_gateway_of_texts_hands_answers_over(chief: Client) -> None:
    assert post(chief, "texts", {"number": "+442079460000", "text": "Stop"}).json() == {"stopped": True}
    assert post(chief, "texts", {"number": "+442079460000", "text": "Yes"}).json() == {"stopped": False}


def test_a_list_for_the_telephone_leaves_out_who_refused(rules: Any, chief: Client, member: Any, now: datetime) -> None:
    rules('channels = ["email", "phone"]')
    get_user_model().objects.create(username="gone", is_active=False)
    Preference.objects.create(user_key=str(member.pk), topic="offers", channel="phone", wanted=False, chosen_at=now)

    def listed(path: str) -> set[str]:
        return {one["user"] for one in chief.get(f"{API}/lists/{path}/").json()["results"]}

    chief_key = str(get_user_model().objects.get(username="chief").pk)
    assert listed("phone/offers") == {chief_key}
    assert listed("phone/partners") == {chief_key, str(member.pk)}
    assert listed("phone/newsletter") == set()
    assert listed("post/offers") == set()
    assert chief.get(f"{API}/lists/phone/site_mail/").status_code == 404
