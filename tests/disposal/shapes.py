"""Run by ``test_shapes`` in a process of its own; not collected by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.datamap import checks
from privacy.datamap.declarations import Delete, Expire, PersonalData
from privacy.datamap.registry import registry
from privacy.disposal.deleting import DeletionRefused
from privacy.disposal.models import Captured, Closure
from privacy.disposal.services import Mandate, close_account, preview_account, run_closures
from tests.disposal.searching import tables_with
from tests.host_shapes import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_STAFF = Mandate("staff", "admin", "document")


def person(name: str, **values: Any) -> Any:
    return get_user_model().objects.create_user(name, f"{name}@example.org", called=name, **values)


def named(owner: Any) -> int:
    """A key that no sequence gives."""
    return int(owner.pk) * 100_000


def circles(owner: Any, token: str) -> None:
    """One of each circle; the rows point at each other before both are there."""
    key = named(owner)
    nest = host.Nest.objects.create(owner=owner)
    nest.best = host.Egg.objects.create(nest=nest, text=token)
    nest.save()
    with transaction.atomic():
        wallet = host.Wallet.objects.create(owner=owner, main_id=key)
        host.Card.objects.create(pk=key, wallet=wallet, text=token)
        host.Card.objects.create(wallet=wallet, text=token)
        first = host.First.objects.create(owner=owner, onward_id=key)
        third = host.Third.objects.create(onward=first, text=token)
        host.Second.objects.create(pk=key, onward=third, text=token)
        root = host.Branch.objects.create(pk=key, owner=owner, root_id=key, text=token)
        host.Branch.objects.create(owner=owner, root=root, text=token)


def test_models_that_point_at_each_other_go_together(now: datetime, actor: Actor) -> None:
    gone, stays = person("xqgone"), person("xqstays")
    for user in (gone, stays):
        circles(user, user.username)
    before = tables_with("xqstays")

    report = close_account(user=gone, mandate=BY_STAFF, now=now, actor=actor)

    assert (report.status, report.errors) == ("done", ())
    assert tables_with("xqgone") == []
    assert tables_with("xqstays") == before
    assert [host.Wallet.objects.count(), host.Card.objects.count(), host.First.objects.count()] == [1, 2, 1]
    assert not Captured.objects.exists()
    connection.check_constraints()


def test_a_batch_of_people_in_circles_goes_with_what_others_hung_on_it(now: datetime) -> None:
    gone, other = person("xqgone"), person("xqother")
    circles(gone, "xqgone")
    host.Branch.objects.create(owner=other, root_id=named(gone), text="on the root of another")
    Closure.objects.create(subject_key=str(gone.pk), pseudonym="p", channel="command", closed_at=now, due_at=now)

    assert run_closures(now=now, horizon=now, actor=Actor.system("night"))["accounts"] == 1, (
        Closure.objects.get().errors
    )

    assert tables_with("xqgone") == []
    assert not host.Branch.objects.exists(), "declared: a branch goes with the owner of its root"
    connection.check_constraints()


def test_a_row_outside_the_circle_that_points_in_still_stops_it_by_name(now: datetime, actor: Actor) -> None:
    gone, other = person("gone"), person("other")
    circles(gone, "gone")
    registry.withdraw(host.Wallet)
    registry.declare(host.Wallet, type("Wallets", (Owned,), {"subject": "owner"}))
    card = host.Card.objects.get(pk=named(gone))
    host.Wallet.objects.create(owner=other, main=card)

    report = close_account(user=gone, mandate=BY_STAFF, now=now, actor=actor)

    assert report.status == "partial"
    assert report.errors[0].startswith("host_shapes.Wallet.main: ")
    assert host.Card.objects.filter(wallet__owner=gone).count() == 2


class Owned(PersonalData):
    category = "account"
    purpose = "membership"
    legal_basis = "contract"
    on_erasure = Delete()


def test_a_circle_in_which_rows_end_by_their_own_time_fails_the_check() -> None:
    assert [message.id for message in checks.circles()] == []
    registry.withdraw(host.Card)
    words = {"subject": "wallet__owner", "holds": ("text",), "expires": Expire("P1Y from wallet.owner.date_joined")}
    registry.declare(host.Card, type("Cards", (Owned,), words))
    assert [message.id for message in checks.circles()] == ["privacy.E108"]


def test_a_row_that_is_its_own_root_ends_by_its_own_time(now: datetime, actor: Actor) -> None:
    from privacy.datamap import graph
    from privacy.disposal.expiry import expire

    registry.withdraw(host.Branch)
    words = {"subject": "owner", "holds": ("text",), "expires": "P1M from owner.date_joined"}
    registry.declare(host.Branch, type("Branches", (Owned,), words))
    circles(person("old", date_joined=now.replace(year=2020)), "old")
    declared = graph.find(host.Branch)
    assert declared is not None

    report = expire(declared=declared, expiry=declared.expiries[0], cutoff=now, now=now, actor=actor)

    assert report.rows + report.children == 2
    assert not host.Branch.objects.exists()


# --- deletion by other code ----------------------------------------------------------------


@pytest.mark.parametrize("model", [host.Member, host.Guest])
def test_an_inherited_user_and_its_proxy_are_closed_by_the_orm(model: Any) -> None:
    user = person("xqgone")
    circles(user, "xqgone")

    model.objects.get(pk=user.pk).delete()

    closure = Closure.objects.get()
    assert (closure.status, closure.channel, closure.errors) == ("done", "orm", [])
    assert tables_with("xqgone") == []
    assert not host.Person.objects.exists()


def test_deleting_the_parent_row_of_a_user_is_deleting_the_user() -> None:
    user = person("xqgone")
    host.Person.objects.get(pk=user.pk).delete()
    assert Closure.objects.get().status == "done"
    assert tables_with("xqgone") == []


def test_a_row_that_takes_accounts_along_closes_each_of_them() -> None:
    company = host.Company.objects.create(name="a company")
    users = [person(f"xqgone{number}", company=company) for number in range(3)]
    stays = person("stays")

    company.delete()

    assert set(Closure.objects.values_list("status", "channel")) == {("done", "orm")}
    assert Closure.objects.count() == len(users)
    assert list(get_user_model().objects.values_list("pk", flat=True)) == [stays.pk]
    assert tables_with("xqgone") == []


def test_a_deletion_that_would_take_kept_rows_along_is_refused_by_the_closure_screens_name() -> None:
    user = person("buyer")
    bought = host.Purchase.objects.create(member=user, address="a street", total=9, placed_at=timezone.now())

    with pytest.raises(DeletionRefused, match=r"host_shapes\.Purchase.*Close an account"):
        user.delete()

    assert host.Purchase.objects.get() == bought
    assert get_user_model().objects.get().is_active
    assert not Closure.objects.exists()


def test_kept_rows_whose_ground_has_ended_stop_no_deletion(now: datetime) -> None:
    user = person("buyer")
    host.Purchase.objects.create(member=user, address="x", total=9, placed_at=now.replace(year=2001))
    user.delete()
    assert Closure.objects.get().status == "done"
    assert not host.Purchase.objects.exists()


def test_kept_rows_that_a_company_would_take_along_with_its_members_refuse_its_deletion(now: datetime) -> None:
    company = host.Company.objects.create(name="a company")
    user = person("buyer", company=company)
    host.Purchase.objects.create(company=company, total=1, placed_at=timezone.now())  # nobody's: the site's own act
    mine = host.Purchase.objects.create(member=user, company=company, total=9, placed_at=timezone.now())

    with pytest.raises(DeletionRefused, match=r"host_shapes\.Purchase"):
        company.delete()

    assert host.Purchase.objects.count() == 2
    host.Purchase.objects.filter(pk=mine.pk).update(member=None, company=None)
    company.delete()
    assert host.Purchase.objects.get() == mine


def test_a_deletion_that_would_take_other_peoples_rows_along_is_refused() -> None:
    user, other = person("writer"), person("other")
    post = host.Post.objects.create(author=user, text="a post")
    host.Post.objects.create(author=other, above=post, text="an answer")
    with pytest.raises(DeletionRefused, match=r"host_shapes\.Post"):
        user.delete()
    assert host.Post.objects.count() == 2


def test_the_closure_itself_does_what_the_deletion_was_refused(now: datetime, actor: Actor) -> None:
    user, other = person("xqgone"), person("other")
    post = host.Post.objects.create(author=user, text="xqgone")
    host.Post.objects.create(author=other, above=post, text="an answer")
    host.Purchase.objects.create(member=user, address="xqgone", total=9, placed_at=now)
    assert preview_account(user=user, now=now).blockers == ()

    assert close_account(user=user, mandate=BY_STAFF, now=now, actor=actor).status == "done"

    assert tables_with("xqgone") == []
    assert (host.Post.objects.get().author, host.Purchase.objects.get().total) == (other, 9)
