"""A member's consents by the API, and what staff see of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from privacy.consent.models import ConsentRecord
from privacy.consent.people import Person
from privacy.consent.permission import may_process
from privacy.consent.services import object_to
from privacy.core.actors import Actor
from tests.consent.conftest import answer, wording
from tests.people import client_of

pytestmark = pytest.mark.django_db
API = "/api/privacy/consents/"


def post(user: Any, address: str, said: dict[str, Any] | None = None) -> Any:
    return client_of(user).post(f"{API}{address}", said or {}, content_type="application/json")


def test_a_member_reads_the_words_says_yes_and_takes_it_back(user: Any, member: Person) -> None:
    asked = {one["purpose"]: one for one in client_of(user).get(API).json()["questions"]}
    words = asked["newsletter"]["wording"]
    assert (asked["newsletter"]["state"], words["text"]) == ("not_asked", "Send me  news,\r\nby mail…")
    given = post(user, "newsletter/answer/", {"choice": "given", "wording": words["digest"]})
    assert (given.status_code, given.json()["decision"], given.json()["surface"]) == (200, "given", "api")
    assert may_process(member, "newsletter", now=timezone.now())
    assert post(user, "newsletter/withdraw/").json()["decision"] == "withdrawn"
    refused = post(user, "newsletter/withdraw/")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_withdraw")
    assert not may_process(member, "newsletter", now=timezone.now())
    said = client_of(user).get(f"{API}decisions/").json()["results"]
    assert [one["decision"] for one in said] == ["withdrawn", "given"]


def test_a_member_objects_restricts_and_lifts(user: Any, member: Person) -> None:
    raised = post(user, "objections/", {"purpose": "statistics"}).json()
    assert (raised["kind"], raised["stops"]) == ("objection", True)
    assert not may_process(member, "statistics", now=timezone.now())
    assert post(user, f"stops/{raised['id']}/lift/").json()["stops"] is False
    assert may_process(member, "statistics", now=timezone.now())
    assert post(user, "restrictions/", {"ground": "claims"}).json()["purpose"] == ""
    assert not may_process(member, "offers", now=timezone.now())
    unknown = post(user, "objections/", {"purpose": "nonsense"})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_purpose")


def test_another_members_objects_answer_404(
    user: Any, member: Person, person: Callable[..., Any], now: datetime
) -> None:
    record = answer(member, now)
    flag = object_to(person=member, purpose="statistics", surface="account", now=now, actor=Actor.system("tests"))
    other = person("guy")
    assert client_of(user).get(f"{API}decisions/{record.reference}/receipt/").status_code == 200
    refused = client_of(other).get(f"{API}decisions/{record.reference}/receipt/")
    never = client_of(other).get(f"{API}decisions/{flag.pk}/receipt/")
    assert (refused.status_code, refused.json()) == (404, never.json())
    assert post(other, f"stops/{flag.pk}/lift/").status_code == 404
    assert client_of(other).get(f"{API}decisions/").json()["results"] == []
    assert client_of(other).get(f"{API}stops/").json()["results"] == []


def test_a_receipt_comes_in_both_forms_of_a_yes_and_in_one_of_a_no(user: Any, member: Person, now: datetime) -> None:
    yes = answer(member, now)
    made = client_of(user).get(f"{API}decisions/{yes.reference}/receipt/").json()
    assert made["iso27560"]["receipt_id"] == made["kantara"]["consentReceiptID"] == str(yes.reference)
    post(user, "newsletter/withdraw/")
    back = ConsentRecord.objects.get(decision="withdrawn")
    assert client_of(user).get(f"{API}decisions/{back.reference}/receipt/").json()["kantara"] is None


def test_what_is_unknown_is_not_found(user: Any) -> None:
    said = {"choice": "given", "wording": wording().pk}
    assert post(user, "nonsense/answer/", said).status_code == 404
    assert post(user, "nonsense/withdraw/").status_code == 404
    assert post(user, "newsletter/answer/", {**said, "wording": "0" * 64}).status_code == 404
    other = post(user, "interviews/answer/", said)
    assert (other.status_code, other.json()["code"]) == (409, "wording_replaced")


def test_staff_read_the_ledger_without_its_people_and_decide_objections(
    user: Any, member: Person, person: Callable[..., Any], now: datetime
) -> None:
    record = answer(member, now)
    flag = object_to(person=member, purpose="statistics", surface="account", now=now, actor=Actor.system("tests"))
    may = ["view_consentrecord", "view_flag", "decide_flags", "view_purpose"]
    clerk = person("clerk", staff=True, may=may)
    [line] = client_of(clerk).get(f"{API}ledger/?decision=given").json()["results"]
    assert line["id"] == str(record.reference)
    assert not {member.user_key, record.context.pseudonym, "192.0.2.0"} & {str(value) for value in line.values()}
    refused = post(clerk, f"ledger/flags/{flag.pk}/decide/", {"uphold": False})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_reason")
    upheld = post(clerk, f"ledger/flags/{flag.pk}/decide/", {"uphold": True})
    assert upheld.json()["outcome"] == "upheld"
    codes = [one["code"] for one in client_of(clerk).get(f"{API}ledger/purposes/").json()["results"]]
    assert codes == sorted(codes) == ["interviews", "newsletter", "offers", "statistics"]
    assert post(user, f"ledger/flags/{flag.pk}/decide/", {"uphold": True}).status_code == 403
