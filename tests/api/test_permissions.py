"""Who may open what, endpoint by endpoint. A new endpoint that is not in the table fails here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy import api_urls
from privacy.core.api.doors import views_of
from tests.api.planting import plant, sample
from tests.people import client_of

#: By operation: who may read, and who may change. "member" is anybody who is signed in.
TABLE: dict[str, tuple[str, str]] = {
    "root": ("member", ""),
    "schema": ("anybody", ""),
    "acceptances": ("member", ""),
    "acceptance_open": ("member", ""),
    "account_holdings": ("member", ""),
    "account_closures": ("member", ""),
    "account_closure": ("member", ""),
    "backups": ("view_backup", ""),
    "backup": ("view_backup", ""),
    "backups_copies": ("view_registeredcopy", ""),
    "backups_copy_confirm": ("view_registeredcopy", "confirm_destruction"),
    "closures": ("view_closure", ""),
    "closure": ("view_closure", ""),
    "consents": ("member", ""),
    "consent_answer": ("member", ""),
    "consent_decide": ("view_flag", "decide_flags"),
    "consent_decisions": ("member", ""),
    "consent_flags": ("view_flag", ""),
    "consent_ledger": ("view_consentrecord", ""),
    "consent_lift": ("member", ""),
    "consent_object": ("member", ""),
    "consent_purposes": ("view_purpose", ""),
    "consent_receipt": ("member", ""),
    "consent_restrict": ("member", ""),
    "consent_stops": ("member", ""),
    "consent_withdraw": ("member", ""),
    "evidence": ("view_evidenceentry", ""),
    "evidence_entry": ("view_evidenceentry", ""),
    "evidence_seals": ("view_seal", ""),
    "holds": ("view_hold", ""),
    "hold": ("view_hold", ""),
    "messages_choices": ("member", ""),
    "messages_list": ("view_preference", ""),
    "messages_mailing": ("view_mailing", ""),
    "messages_mailing_pause": ("view_mailing", "send_mailing"),
    "messages_mailing_resume": ("view_mailing", "send_mailing"),
    "messages_mailings": ("view_mailing", ""),
    "messages_opt_out_enter": ("view_suppression", "enter_opt_out"),
    "messages_opt_outs": ("view_suppression", ""),
    "messages_outbox": ("view_outboxmessage", ""),
    "messages_outbox_decide": ("view_outboxmessage", "decide_message"),
    "messages_outbox_message": ("view_outboxmessage", ""),
    "messages_stop": ("member", ""),
    "messages_texts": ("view_suppression", "enter_opt_out"),
    "nights": ("view_nightrun", "run_night"),
    "night": ("view_nightrun", ""),
    "policies": ("member", ""),
    "policies_binding": ("member", ""),
    "policies_contacts": ("member", ""),
    "policy": ("member", ""),
    "promises": ("view_promise", "check_promises"),
    "promises_checks": ("view_promise", ""),
    "promises_findings": ("view_promise", ""),
    "schedules": ("view_schedule", ""),
    "schedule": ("view_schedule", "change_schedule"),
    "schedule_pause": ("view_schedule", "pause_schedule"),
    "schedule_resume": ("view_schedule", "pause_schedule"),
    "stores": ("view_storereceipt", ""),
}
VIEWS = {view.operation: (pattern, view) for pattern, view in views_of(api_urls.urlpatterns)}
LISTS = sorted(name for name, (_pattern, view) in VIEWS.items() if view.paged)


def address(operation: str) -> str:
    pattern, _view = VIEWS[operation]
    return reverse(f"privacy_api:{pattern.name}", kwargs=sample(operation))


def test_the_table_has_every_endpoint() -> None:
    assert set(TABLE) == set(VIEWS)


@pytest.mark.parametrize("operation", [name for name, (reads, _w) in TABLE.items() if reads.startswith("view_")])
def test_only_staff_with_the_named_permission_may_read(
    planted: None, person: Callable[..., Any], operation: str
) -> None:
    reads, _writes = TABLE[operation]
    url = address(operation)
    assert Client().get(url).status_code in (401, 403)
    assert client_of(person("member", may=[reads])).get(url).status_code == 403, "a permission makes nobody staff"
    others = sorted({one for one, _w in TABLE.values() if one.startswith("view_")} - {reads})
    assert client_of(person("clerk", staff=True, may=others)).get(url).status_code == 403
    assert client_of(person("other", staff=True, may=[reads])).get(url).status_code in (200, 405)


@pytest.mark.parametrize("operation", [name for name, (_r, writes) in TABLE.items() if writes])
def test_only_staff_with_both_permissions_may_change(planted: None, person: Callable[..., Any], operation: str) -> None:
    reads, writes = TABLE[operation]
    url = address(operation)
    _pattern, view = VIEWS[operation]
    for method in view.acts if hasattr(view, "get") else ["POST"]:

        def answer(client: Client, method: str = method) -> int:
            return client.generic(method, url, b"{}", content_type="application/json").status_code

        assert answer(client_of(person(f"reader-{method}", staff=True, may=[reads]))) == 403
        assert answer(client_of(person(f"writer-{method}", staff=True, may=[writes]))) == 403
        assert answer(client_of(person(f"member-{method}", may=[reads, writes]))) == 403
        assert answer(client_of(person(f"both-{method}", staff=True, may=[reads, writes]))) not in (401, 403, 500)


@pytest.mark.parametrize("operation", LISTS)
def test_a_page_of_many_rows_takes_the_queries_of_a_page_of_few(chief: Client, now: datetime, operation: str) -> None:
    counted = []
    asking = str(get_user_model().objects.get(username="chief").pk)
    for rows in (2, 40):
        plant(now, rows=rows, of=asking)
        chief.get(address(operation))  # what is read once a process
        with CaptureQueriesContext(connection) as caught:
            answer = chief.get(f"{address(operation)}?limit=200")
        assert len(answer.json()["results"]) >= rows
        counted.append(len(caught))
    assert counted[0] == counted[1]
    assert counted[0] <= 8
