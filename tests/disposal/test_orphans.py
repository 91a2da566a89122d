"""Must show: orphans left by raw SQL are found by the night, and what is legitimately left stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, NightContext, Promised, Status, live_checks, night_steps
from privacy.datamap.declarations import Anonymise, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.models import Closure, SessionIndex
from privacy.disposal.orphans import open_orphans
from privacy.disposal.services import Mandate, close_account
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import ProfileTable
from tests.disposal.planting import plant
from tests.disposal.searching import tables_with
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = Actor.system("night")


def step(name: str, now: datetime, *, dry_run: bool = False) -> dict[str, int]:
    context = NightContext(now, now + timedelta(days=1), None, dry_run, NIGHT, lambda *args: None)  # type: ignore[arg-type]
    return night_steps.get(name).run(context).counts


def remove_by_raw_sql(user: Any) -> None:
    """Another program deletes the account, in a database that does not ask for its foreign keys."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM auth_user WHERE id = %s", [user.pk])
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = ON")
        else:
            cursor.execute("SET session_replication_role = DEFAULT")


def test_orphans_left_by_raw_sql_are_found_by_the_night(now: datetime) -> None:
    gone, stays = plant("xqgone"), plant("xqstays")
    host.NewsletterContact.objects.filter(name="xqgone").delete()  # only an e-mail address leads to these
    before = tables_with("xqstays")
    file = Path(settings.MEDIA_ROOT) / "uploads" / "xqgone.txt"
    remove_by_raw_sql(gone)

    assert step("disposal.orphans", now, dry_run=True) == {"accounts": 1}
    assert not Closure.objects.exists(), "a preview changes nothing"
    assert step("disposal.orphans", now) == {"found": 1}
    assert step("disposal.closures", now)["accounts"] == 1

    assert tables_with("xqgone") == []
    assert not file.exists()
    assert tables_with("xqstays") == before
    assert host.Order.objects.filter(customer=None, total="9.90").count() == 2, "what is kept stays, cut off"
    assert Closure.objects.get().channel == "orm"
    assert EvidenceEntry.objects.get(act="disposal.orphans_found").counts == {"accounts": 1}
    assert get_user_model().objects.filter(pk=stays.pk).exists()
    assert step("disposal.orphans", now) == {"found": 0}


def test_what_a_closure_left_on_purpose_is_nobodys_orphan(now: datetime, actor: Actor) -> None:
    for number in range(3):
        close_account(user=plant(f"gone{number}"), mandate=Mandate("staff", "admin", "document"), now=now, actor=actor)
    assert host.Order.objects.filter(customer=None).count() == 6
    assert open_orphans(now=now, actor=actor) == {"found": 0}


def test_generic_keys_and_plain_values_tell_of_people_who_are_gone(now: datetime) -> None:
    user = get_user_model().objects.create_user("gone")
    kind = ContentType.objects.get_for_model(get_user_model())
    host.Note.objects.create(content_type=kind, object_id=str(user.pk), text="by a generic key")
    host.Note.objects.create(content_type=kind, object_id="no key at all", text="nobody's")
    other = get_user_model().objects.create_user("also gone")
    SessionIndex.objects.create(session_key="s", user_key=str(other.pk), seen_at=now)
    get_user_model().objects.all()._raw_delete("default")

    assert open_orphans(now=now, actor=NIGHT, dry_run=True) == {"accounts": 2}
    assert open_orphans(now=now, actor=NIGHT) == {"found": 2}
    step("disposal.closures", now)

    assert host.Note.objects.get().text == "nobody's"
    assert not SessionIndex.objects.filter(session_key="s").exists()


class Marked(PersonalData):
    subject = "key:number"
    category = "purchases"
    purpose = "orders"
    legal_basis = "contract"
    on_erasure = Anonymise(number="0", address="", phone=None)


def test_the_value_that_stands_in_for_a_key_names_nobody(now: datetime) -> None:
    registry.withdraw(host.OrderLine)
    registry.withdraw(host.Order)
    registry.declare(host.Order, Marked)
    host.Order.objects.create(number="0", total=1, placed_at=now)
    assert open_orphans(now=now, actor=NIGHT, dry_run=True) == {"accounts": 0}
    host.Order.objects.create(number="987654", total=1, placed_at=now)
    assert open_orphans(now=now, actor=NIGHT, dry_run=True) == {"accounts": 1}


def test_an_account_that_is_being_closed_is_no_orphan(now: datetime, actor: Actor) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    user = plant("waits")
    close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=actor)
    remove_by_raw_sql(user)
    assert open_orphans(now=now, actor=actor, dry_run=True) == {"accounts": 0}


def test_under_a_delay_an_orphan_is_due_at_once(now: datetime) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    remove_by_raw_sql(plant("gone"))
    open_orphans(now=now, actor=NIGHT)
    assert (Closure.objects.get().due_at, Closure.objects.get().status) == (now, "planned")


def test_looking_for_orphans_costs_queries_by_link_and_page_and_never_by_row(now: datetime) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert open_orphans(now=now, actor=NIGHT, dry_run=True) == {"accounts": 0}
        return len(found)

    plant("first")
    queries()
    few = queries()
    for number in range(5):
        plant(f"more{number}", orders=3)
    assert queries() == few


@pytest.mark.parametrize("check", ["no_orphans", "erasures_complete"])
def test_rows_of_people_who_are_gone_break_the_promise_until_the_night_has_been(check: str, now: datetime) -> None:
    def ask() -> Status:
        return live_checks.get(f"disposal.{check}").run(CheckContext(now, Promised("X-1", "§1", "says"))).status

    assert ask() is Status.CANNOT_TELL
    user = plant("gone")
    remove_by_raw_sql(user)
    assert ask() is Status.BROKEN
    step("disposal.orphans", now)
    step("disposal.closures", now)
    assert ask() is Status.KEPT
