"""Must show, Holds and ways out: users deleted by the admin or the ORM go through closure, or are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.datamap.declarations import Anonymise, Delete, ExternalStore, PersonalData, Sentinel
from privacy.datamap.registry import registry
from privacy.disposal.deleting import SCREEN, DeletionRefused
from privacy.disposal.models import Closure, SessionIndex
from privacy.disposal.services import Mandate, close_account, run_closures
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import ProfileTable
from tests.disposal.planting import plant
from tests.disposal.searching import tables_with
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

NIGHT = Actor.system("night")


def users() -> Any:
    return get_user_model().objects


def plain(token: str) -> Any:
    """A member without rows that PROTECT: those Django refuses by itself."""
    user = plant(token)
    host.Review.objects.filter(author=user).delete()
    host.Invoice.objects.filter(customer=user).update(customer=None, billed_to="")
    return user


def test_orm_deletion_users_deleted_by_the_admin_or_the_orm_go_through_closure() -> None:
    user = plain("xqgone")
    file = Path(settings.MEDIA_ROOT) / "uploads" / "xqgone.txt"
    assert file.exists()

    user.delete()

    closure = Closure.objects.get()
    assert (closure.status, closure.channel, closure.errors) == ("done", "orm", [])
    assert tables_with("xqgone") == [], "rows that only the e-mail address leads to are gone as well"
    assert not file.exists()
    assert not SessionIndex.objects.exclude(session_key="*").exists()
    assert host.Order.objects.filter(customer=None, address="", total="9.90").count() == 2
    acts = set(EvidenceEntry.objects.filter(act__startswith="disposal.").values_list("act", flat=True))
    assert acts == {"disposal.account_erased", "disposal.batch_erased", "disposal.finished"}


def test_a_queryset_of_users_is_closed_together() -> None:
    for number in range(4):
        plain(f"xqgone{number}")
    plain("stays")

    with CaptureQueriesContext(connection) as many:
        users().filter(username__startswith="xqgone").delete()

    assert Closure.objects.filter(status="done", channel="orm").count() == 4
    assert Closure.objects.values("batch").distinct().count() == 1
    assert tables_with("xqgone") == []
    assert users().filter(username="stays").exists()
    for number in range(12):
        plain(f"xqmore{number}")
    with CaptureQueriesContext(connection) as more:
        users().filter(username__startswith="xqmore").delete()
    # What grows is Django's own signal for each row, a look at each file, and nothing else.
    assert len(more) - len(many) < 8 * 4


def test_a_deletion_that_is_rolled_back_closes_nobody() -> None:
    user = plain("stays")
    file = Path(settings.MEDIA_ROOT) / "uploads" / "stays.txt"
    before = tables_with("stays")

    with transaction.atomic():
        user.delete()
        assert not users().filter(username="stays").exists()
        transaction.set_rollback(True)

    assert tables_with("stays") == before
    assert file.exists()
    assert not Closure.objects.exists()


def test_a_user_deleted_while_a_closure_waits_finishes_that_closure() -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    user, now = plain("xqgone"), timezone.now()
    report = close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=NIGHT)
    assert report.status == "scheduled"

    users().get(pk=user.pk).delete()

    closure = Closure.objects.get()
    assert (closure.pk, closure.status, closure.channel) == (report.closure_id, "done", "page")
    assert tables_with("xqgone") == []


def test_under_a_delay_an_account_that_other_code_deletes_goes_at_once() -> None:
    """HVR-11-2: three months are a ceiling."""
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    plain("xqgone").delete()
    closure = Closure.objects.get()
    assert (closure.status, closure.due_at) == ("done", closure.closed_at)


class KeptUploads(PersonalData):
    subject = "owner"
    category = "uploads"
    purpose = "membership"
    legal_basis = "contract"
    on_erasure = Anonymise(title="", file="", owner=Sentinel(username="former-member"))


def test_orm_deletion_a_cascade_into_rows_that_stay_is_refused_by_the_closure_screens_name() -> None:
    registry.withdraw(host.Upload)
    registry.declare(host.Upload, KeptUploads)
    users_to_go = [plain("first"), plain("second")]
    before = tables_with("first")

    with pytest.raises(DeletionRefused, match=r"auth\.User: .*host\.Upload") as refused:
        users().filter(pk__in=[user.pk for user in users_to_go]).delete()

    assert SCREEN in refused.value.mend
    assert isinstance(refused.value, PermissionDenied), "no view answers it with a server error"
    assert tables_with("first") == before
    assert Client().login(username="first", password="secret first")
    assert not Closure.objects.exists()
    done = close_account(
        user=users_to_go[0], mandate=Mandate("staff", "admin", "staff"), now=timezone.now(), actor=NIGHT
    )
    assert done.status == "done", "the closing screen does what the deletion was refused"
    assert host.Upload.objects.filter(owner__username="former-member").count() == 1


def test_what_a_closure_would_stop_at_refuses_the_deletion_before_anything_is_destroyed() -> None:
    registry.withdraw(host.Customer)
    registry.exclude("host.Customer", reason="for this test")
    user = plain("stays")
    with pytest.raises(DeletionRefused, match=r"host\.Customer\.user"):
        user.delete()
    assert users().filter(username="stays", is_active=True).exists()
    assert host.Comment.objects.filter(author=user).exists()


def test_rows_that_protect_their_user_are_refused_by_django_itself() -> None:
    user = plant("stays")
    with pytest.raises(ProtectedError):
        user.delete()
    assert not Closure.objects.exists()


def test_a_closures_own_deletion_is_no_deletion_by_other_code(now: Any, actor: Actor) -> None:
    class Hooked(PersonalData):
        subject = "self"
        category = "account"
        purpose = "membership"
        legal_basis = "contract"
        on_erasure = Delete()
        holds = ("username", "first_name", "last_name", "email", "password")
        hooks = True

    registry.withdraw(get_user_model())
    registry.declare(get_user_model(), Hooked)
    user = plain("xqgone")
    assert (
        close_account(user=user, mandate=Mandate("member", "page", "password"), now=now, actor=actor).status == "done"
    )
    assert Closure.objects.get().channel == "page"
    assert tables_with("xqgone") == []


def test_an_outside_store_that_refuses_leaves_the_closure_of_a_deleted_user_to_the_night() -> None:
    class Crm(ExternalStore):
        name = "crm"
        down = True

        def erase(self, keys: Any) -> None:
            if Crm.down:
                raise ConnectionError

        def verify(self, keys: Any) -> int:
            return 0

    registry.add_store(Crm)
    plain("xqgone").delete()
    assert not users().filter(username="xqgone").exists()
    closure = Closure.objects.get()
    assert (closure.status, closure.errors) == ("partial", ["crm: ConnectionError"])
    Crm.down = False
    run_closures(now=timezone.now(), horizon=timezone.now(), actor=NIGHT)
    assert Closure.objects.get().status == "done"
