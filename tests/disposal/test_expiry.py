"""Rows whose own time is over go in windows, with what hangs on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import CASCADE
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Delete, Keep, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.expiry import end_keep, expire, kept_over, over
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.relations import StillPointedAt
from privacy.disposal.services import Mandate, close_account
from privacy.disposal.sweeping import sweep
from privacy.evidence.models import EvidenceEntry
from privacy.retention.models import Approval
from privacy.retention.services import run_night, sync_schedules
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2036, 3, 1, tzinfo=UTC)  # ten years after what was planted


def rule(model: Any, part: str) -> tuple[graph.Declared, Any]:
    declared = graph.find(model)
    assert declared is not None
    [found] = [item for item in declared.expiries if part in item.name]
    return declared, found


@pytest.fixture
def views(now: datetime) -> Any:
    """Ten views, one a day, the newest today."""
    user = get_user_model().objects.create_user("viewer")
    host.PageView.objects.bulk_create(
        host.PageView(user=user, ip=f"203.0.113.{n + 1}", path="/", viewed_at=now - timedelta(days=n)) for n in range(9)
    )
    host.PageView.objects.create(user=user, ip="2001:db8:1:2:3:4:5:6", path="/", viewed_at=now - timedelta(days=9))
    return user


def test_rows_over_their_end_are_deleted_and_younger_ones_stay(now: datetime, actor: Actor, views: Any) -> None:
    declared, expiry = rule(host.PageView, "P13M")
    cutoff = now - timedelta(days=4)
    assert expire(declared=declared, expiry=expiry, cutoff=cutoff, now=now, actor=actor, dry_run=True).rows == 6
    assert expire(declared=declared, expiry=expiry, cutoff=cutoff, now=now, actor=actor).rows == 6
    assert host.PageView.objects.count() == 4
    assert not over(declared, expiry, cutoff).exists()


def test_addresses_are_shortened_in_the_database_and_only_once(now: datetime, actor: Actor, views: Any) -> None:
    """HTC-9-3."""
    declared, expiry = rule(host.PageView, "P30D")
    cutoff = now - timedelta(days=8)
    assert expire(declared=declared, expiry=expiry, cutoff=cutoff, now=now, actor=actor).rows == 2
    short = host.PageView.objects.filter(viewed_at__lte=cutoff).order_by("viewed_at").values_list("ip", flat=True)
    assert list(short) == ["2001:db8:1::", "203.0.113.0"]
    assert expire(declared=declared, expiry=expiry, cutoff=cutoff, now=now, actor=actor).rows == 0


def test_queries_grow_with_windows_not_with_rows(now: datetime, actor: Actor, views: Any, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "WINDOW_ROWS": 5}
    declared, expiry = rule(host.PageView, "P13M")
    with CaptureQueriesContext(connection) as queries:
        expire(declared=declared, expiry=expiry, cutoff=now, now=now, actor=actor)
    assert len(queries) <= 2 * 7 + 10, "each window asks anew whether anything is held"
    assert not host.PageView.objects.exists()


class ExpiringOrders(PersonalData):
    subject = "customer"
    category = "purchases"
    purpose = "orders"
    legal_basis = "contract"
    on_erasure = Delete()
    holds = ("address", "phone", "total", "number")
    expires = "P1Y from placed_at"


def test_rows_that_hang_on_an_expiring_row_go_first(now: datetime, actor: Actor) -> None:
    plant("hanging")
    registry.withdraw(host.Order)
    registry.declare(host.Order, ExpiringOrders)
    registry.changed()
    declared, expiry = rule(host.Order, "P1Y")
    report = expire(declared=declared, expiry=expiry, cutoff=now, now=now, actor=actor)
    assert (report.rows, report.children) == (2, 2)
    assert not host.OrderLine.objects.exists()


def test_another_persons_answer_does_not_go_because_what_it_answers_is_old(now: datetime, actor: Actor) -> None:
    class ExpiringComments(PersonalData):
        subject = "author"
        category = "posts"
        purpose = "membership"
        legal_basis = "contract"
        holds = ("text",)
        expires = "P1Y from author__date_joined"

    old = get_user_model().objects.create_user("old", date_joined=now - timedelta(days=500))
    young = get_user_model().objects.create_user("young", date_joined=now)
    first = host.Comment.objects.create(author=old, text="first")
    answer = host.Comment.objects.create(author=young, text="answer", parent=first)
    host.Comment.objects.create(author=old, text="answer of the old one", parent=answer)
    registry.withdraw(host.Comment)
    registry.declare(host.Comment, ExpiringComments)
    link = host.Comment._meta.get_field("parent").remote_field
    link.on_delete, was = CASCADE, link.on_delete
    declared, expiry = rule(host.Comment, "P1Y")
    try:
        report = expire(declared=declared, expiry=expiry, cutoff=now - timedelta(days=365), now=now, actor=actor)
    finally:
        link.on_delete = was

    assert (report.rows, report.children) == (2, 0)
    answer.refresh_from_db()
    assert (answer.text, answer.parent) == ("answer", None)
    assert host.Comment.objects.count() == 1


def test_the_evidence_counts_what_was_taken_along(now: datetime, actor: Actor) -> None:
    plant("proven")
    registry.withdraw(host.Order)
    registry.declare(host.Order, ExpiringOrders)
    declared, expiry = rule(host.Order, "P1Y")
    expire(declared=declared, expiry=expiry, cutoff=now, now=now, actor=actor)
    entry = EvidenceEntry.objects.get(act="disposal.rows_expired")
    assert entry.counts == {"rows": 2, "taken_along": 2}


def test_files_of_expired_rows_are_swept(now: datetime, actor: Actor, settings: Any) -> None:
    class ExpiringUploads(PersonalData):
        subject = "owner"
        category = "uploads"
        purpose = "membership"
        legal_basis = "contract"
        on_erasure = Delete()
        holds = ("title", "file")
        expires = "P1Y from owner__date_joined"

    user = get_user_model().objects.create_user("uploader", date_joined=now - timedelta(days=500))
    shared = host.Upload(owner=user)
    shared.file.save("shared.txt", ContentFile(b"shared"))
    young = get_user_model().objects.create_user("young", date_joined=now)
    host.Upload.objects.create(owner=young, file=shared.file.name)
    alone = host.Upload(owner=user)
    alone.file.save("alone.txt", ContentFile(b"alone"))
    registry.withdraw(host.Upload)
    registry.declare(host.Upload, ExpiringUploads)
    registry.changed()
    declared, expiry = rule(host.Upload, "P1Y")

    report = expire(declared=declared, expiry=expiry, cutoff=now - timedelta(days=365), now=now, actor=actor)

    assert (report.rows, report.files) == (2, 2)
    assert sweep(Sweep.objects.all()) == 2
    names = [path.name for path in Path(settings.MEDIA_ROOT).rglob("*.txt")]
    assert names == ["shared.txt"], "another row still names the shared file"


def test_a_protected_row_stops_the_expiry_by_name(now: datetime, actor: Actor) -> None:
    class ExpiringUsers(PersonalData):
        subject = "self"

    plant("guarded")
    registry.withdraw(host.OrderLine)
    registry.withdraw(host.Order)
    registry.declare(host.Order, ExpiringOrders)
    registry.changed()
    field = host.OrderLine._meta.get_field("order")
    cascade, field.remote_field.on_delete = field.remote_field.on_delete, None
    declared, expiry = rule(host.Order, "P1Y")
    try:
        with pytest.raises(StillPointedAt, match=r"host\.OrderLine\.order"):
            expire(declared=declared, expiry=expiry, cutoff=now, now=now, actor=actor)
    finally:
        field.remote_field.on_delete = cascade
    assert host.Order.objects.count() == 2


def test_what_was_kept_goes_at_the_end_of_its_ground_once_nobody_is_linked(now: datetime, actor: Actor) -> None:
    living, leaver = plant("living"), plant("leaver")
    close_account(user=leaver, mandate=Mandate("member", "page", "password"), now=now, actor=actor)
    declared = graph.find(host.Order)
    assert declared is not None
    [keep] = declared.keeps
    assert kept_over(declared, keep, END).count() == 2

    report = end_keep(declared=declared, keep=keep, moment=END, now=now, actor=actor)

    assert report.rows == 2
    assert set(host.Order.objects.values_list("customer", flat=True)) == {living.pk}


def test_of_two_grounds_the_longer_keeps_the_row_and_the_shorter_empties_its_field(now: datetime, actor: Actor) -> None:
    class TwoGrounds(PersonalData):
        subject = "customer"
        category = "purchases"
        purpose = "orders"
        legal_basis = "contract"
        on_erasure = Anonymise(address="")
        plain = {"number": "a running number"}
        fields = {
            "total": Keep("tax law", until="P10Y from placed_at"),
            "phone": Keep("claims", until="P3Y from placed_at"),
        }

    registry.withdraw(host.Order)
    registry.declare(host.Order, TwoGrounds)
    registry.changed()
    close_account(user=plant("grounds"), mandate=Mandate("member", "page", "password"), now=now, actor=actor)
    declared = graph.find(host.Order)
    assert declared is not None
    tax, claims = declared.keeps
    four_years = now + timedelta(days=4 * 365)

    def end(keep: Any, moment: datetime) -> int:
        return end_keep(declared=declared, keep=keep, moment=moment, now=now, actor=actor).rows

    assert set(host.Order.objects.values_list("phone", flat=True)) == {"grounds"}
    assert (end(tax, four_years), end(claims, four_years), end(claims, four_years)) == (0, 2, 0)
    assert set(host.Order.objects.values_list("phone", flat=True)) == {None}
    assert end(claims, END) + end(tax, END) == 2
    assert not host.Order.objects.exists()


def test_a_missing_address_is_not_taken_for_one_that_was_not_shortened(now: datetime, actor: Actor) -> None:
    host.PageView.objects.create(ip=None, path="/", viewed_at=now)
    declared, expiry = rule(host.PageView, "P30D")
    assert expire(declared=declared, expiry=expiry, cutoff=now, now=now, actor=actor).rows == 0


def test_an_expiring_account_goes_through_a_closure(now: datetime, actor: Actor) -> None:
    from privacy.core.periods import Period
    from privacy.datamap.shapes import Expiry

    plant("asleep")
    declared = graph.find(get_user_model())
    assert declared is not None
    get_user_model().objects.filter(username="asleep").update(date_joined=now - timedelta(days=1000))
    expiry = Expiry("auth.User:date_joined:P2Y", Period.parse("P2Y"), "date_joined", Delete())
    report = expire(declared=declared, expiry=expiry, cutoff=now - timedelta(days=800), now=now, actor=actor)
    assert report.rows == 1
    assert not host.Upload.objects.exists()
    assert not get_user_model().objects.filter(username="asleep").exists()


def test_a_childs_row_takes_its_parents_row_along(now: datetime, actor: Actor, settings: Any) -> None:
    """Multi-table inheritance: what is left in the parent's table would be half of the row."""

    class ExpiringContracts(PersonalData):
        subject = "owner"
        category = "documents"
        purpose = "membership"
        legal_basis = "contract"
        on_erasure = Delete()
        holds = ("terms",)
        expires = "P1Y from owner__date_joined"

    settings.PRIVACY = {**settings.PRIVACY, "WINDOW_ROWS": 1}
    user = get_user_model().objects.create_user("signer", date_joined=now - timedelta(days=500))
    for number in range(3):
        host.Contract.objects.create(owner=user, title=f"title {number}", terms="terms")
    plain = host.Document.objects.create(owner=user, title="no contract")
    registry.withdraw(host.Contract)
    registry.declare(host.Contract, ExpiringContracts)
    declared, expiry = rule(host.Contract, "P1Y")

    report = expire(declared=declared, expiry=expiry, cutoff=now - timedelta(days=365), now=now, actor=actor)

    assert (report.rows, report.children) == (3, 3)
    assert not host.Contract.objects.exists()
    assert host.Document.objects.get() == plain


def test_each_window_is_proved_with_its_rows(now: datetime, actor: Actor, views: Any, settings: Any) -> None:
    """A crash after some windows leaves no removal without its evidence."""
    settings.PRIVACY = {**settings.PRIVACY, "WINDOW_ROWS": 4}
    declared, expiry = rule(host.PageView, "P13M")
    expire(declared=declared, expiry=expiry, cutoff=now, now=now, actor=actor)
    proved = EvidenceEntry.objects.filter(act="disposal.rows_expired").order_by("pk")
    assert [entry.counts for entry in proved] == [{"rows": 4}, {"rows": 4}, {"rows": 2}]


def test_finished_closures_end_in_the_night_twelve_months_later(now: datetime, actor: Actor) -> None:
    """Our own rows keep to their own declaration; a closure under way has no end yet."""
    get_user_model().objects.create_user("former-member")
    Approval.objects.create(status="used", reasons=["first"], asked_at=now, confirmed_at=now)
    for name in ("early", "late"):
        close_account(user=plant(name), mandate=Mandate("member", "page", "password"), now=now, actor=actor)
    _early, late = Closure.objects.order_by("pk")
    Closure.objects.filter(pk=late.pk).update(finished_at=now + timedelta(days=2))
    under_way = Closure.objects.create(
        subject_key="", pseudonym="p", channel="page", status="held", closed_at=now, due_at=now
    )
    sync_schedules(now=now, actor=actor)
    year_later = now + relativedelta(months=12)

    run_night(now=year_later - timedelta(days=2), actor=actor, step="retention.schedules")
    assert Closure.objects.count() == 3
    run_night(now=year_later, actor=actor, step="retention.schedules")

    assert set(Closure.objects.values_list("pk", flat=True)) == {late.pk, under_way.pk}
