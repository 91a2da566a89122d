"""Live checks in pairs: a planted breach is broken, its mending kept, no data cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.consent.models import ConsentContext
from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status, live_checks
from privacy.datamap.declarations import Delete, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.models import Closure
from privacy.disposal.services import Mandate, close_account
from privacy.policies.acceptance.models import AcceptanceContext
from privacy.promises.models import ProfileTable
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

Ask = Callable[..., Status]


@pytest.fixture
def ask(now: datetime) -> Ask:
    def answer(name: str, *, at: datetime = now, **params: Any) -> Status:
        promised = Promised("X-1", "§1", "a promise", params=params)
        return live_checks.get(f"disposal.{name}").run(CheckContext(at, promised)).status

    return answer


def closure(now: datetime, **values: Any) -> Closure:
    given = {"pseudonym": "p", "channel": "page", "requested_by": "member", "closed_at": now, "due_at": now}
    return Closure.objects.create(**given | values)


def test_closed_accounts_empty(ask: Ask, now: datetime) -> None:
    assert ask("closed_accounts_empty") is Status.CANNOT_TELL
    late = closure(now, subject_key="7", status="cut_off", due_at=now - timedelta(minutes=6))
    assert ask("closed_accounts_empty", tolerance="PT5M") is Status.BROKEN
    assert ask("closed_accounts_empty", tolerance="PT10M") is Status.KEPT
    Closure.objects.filter(pk=late.pk).update(status="done", subject_key="")
    assert ask("closed_accounts_empty", tolerance="PT5M") is Status.KEPT


def test_accounts_that_the_site_closed_itself_break_the_promise_until_they_are_gone(
    ask: Ask, now: datetime, settings: Any
) -> None:
    settings.PRIVACY = {
        **settings.PRIVACY,
        "CLOSED_ACCOUNTS": {"filter": {"customer__closed_at__isnull": False}, "closed_at": "customer.closed_at"},
    }
    user = plant("closedbysite")
    assert ask("closed_accounts_empty") is Status.CANNOT_TELL
    host.Customer.objects.update(closed_at=now - timedelta(days=1))
    assert ask("closed_accounts_empty") is Status.BROKEN
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    assert ask("closed_accounts_empty") is Status.CANNOT_TELL, "three months are not over"
    ProfileTable.objects.all().delete()
    close_account(user=user, mandate=Mandate("site", "take_over"), now=now, actor=Actor.system("night"))
    assert ask("closed_accounts_empty") is Status.KEPT


def test_erasures_complete(ask: Ask, now: datetime) -> None:
    assert ask("erasures_complete") is Status.CANNOT_TELL
    row = closure(now, subject_key="7", status="partial", errors=["host.Upload.file"])
    assert ask("erasures_complete") is Status.BROKEN
    Closure.objects.filter(pk=row.pk).update(status="done", errors=[])
    assert ask("erasures_complete") is Status.KEPT


def test_kept_rows_grounded(ask: Ask, now: datetime) -> None:
    with registry.changed_for_a_while():
        for model in (host.Order, host.Invoice, ConsentContext, AcceptanceContext):
            registry.withdraw(model)
        assert ask("kept_rows_grounded") is Status.CANNOT_TELL
    assert ask("kept_rows_grounded") is Status.KEPT
    item = {"model": "host.Order", "rows": 3, "ground": "tax law", "until": None}
    row = closure(now, status="done", erased_at=now, kept=[item])
    assert ask("kept_rows_grounded") is Status.BROKEN
    Closure.objects.filter(pk=row.pk).update(kept=[{**item, "until": now.isoformat()}])
    assert ask("kept_rows_grounded") is Status.KEPT


def test_closures_verified(ask: Ask, now: datetime) -> None:
    assert ask("closures_verified") is Status.CANNOT_TELL
    row = closure(now, status="done", cut_off_at=now, verified_by="session")
    assert ask("closures_verified") is Status.BROKEN
    Closure.objects.filter(pk=row.pk).update(verified_by="document")
    assert ask("closures_verified") is Status.KEPT


def test_source_erasable(ask: Ask) -> None:
    class Imported(PersonalData):
        category = "imported"
        source = "provider:social"
        on_erasure = Delete()

    with registry.changed_for_a_while():
        registry.withdraw(host.Comment)
        registry.declare(host.Comment, Imported)
        registry.changed()
        assert ask("source_erasable") is Status.BROKEN
        Imported.subject = "author"
        registry.changed()
        assert ask("source_erasable") is Status.KEPT


def test_self_erasure_offered(ask: Ask) -> None:
    ProfileTable.objects.create(name="closure", table={"route": ["written"]})
    assert ask("self_erasure_offered") is Status.BROKEN
    ProfileTable.objects.update(table={"route": ["self"]})
    assert ask("self_erasure_offered") is Status.KEPT
    with registry.changed_for_a_while():
        for model in list(registry.declarations()):
            registry.withdraw(model)
        assert ask("self_erasure_offered") is Status.CANNOT_TELL


def test_the_checks_only_read(ask: Ask, now: datetime) -> None:
    get_user_model().objects.create_user("quiet")
    before = Closure.objects.count()
    for check in live_checks:
        if check.name.startswith("disposal."):
            ask(check.name.removeprefix("disposal."))
    assert Closure.objects.count() == before
