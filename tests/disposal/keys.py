"""Run by ``test_keys`` in a process for each kind of primary key; not collected by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client

from privacy.core.actors import Actor
from privacy.datamap.declarations import ExternalStore
from privacy.datamap.registry import registry
from privacy.disposal.models import Closure, SessionIndex
from privacy.disposal.services import Mandate, close_account, run_closures, take_over_closed
from privacy.evidence.models import EvidenceDetail
from privacy.promises.models import ProfileTable
from tests.disposal.searching import tables_with

pytestmark = pytest.mark.django_db(transaction=True)


def person(name: str) -> Any:
    make = get_user_model().objects.create_user
    address = f"{name}@example.org"
    user = make(email=address) if settings.AUTH_USER_MODEL.startswith("host_email") else make(name, address)
    app = apps.get_app_config(user._meta.app_label)
    diary = app.get_model("Diary").objects.create(owner=user, text=name)
    page = app.get_model("Page").objects.create(diary=diary, text=name)
    for about in (user, diary, page):
        app.get_model("Remark").objects.create(about=about, text=name)
    app.get_model("Stamp").objects.create(user_key=str(user.pk))
    Client().force_login(user)
    return user


def test_a_closed_account_is_found_nowhere(now: datetime, actor: Actor) -> None:
    gone, stays = person("xqgone"), person("xqstays")
    key = str(gone.pk)

    report = close_account(user=gone, mandate=Mandate("member", "page", "password"), now=now, actor=actor)

    assert (report.status, report.errors) == ("done", ())
    assert tables_with("xqgone") == []
    assert [column for column in tables_with(key.lower()) if "pseudonym" not in column] == []
    assert Session.objects.count() == 1
    assert SessionIndex.objects.get(user_key=str(stays.pk))
    assert len(tables_with("xqstays")) >= 4
    assert not EvidenceDetail.objects.filter(subject_key=key).exists()


def test_accounts_that_the_site_closed_are_taken_over_and_reopened_ones_given_back(
    now: datetime, settings: Any
) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    settings.PRIVACY = {
        **settings.PRIVACY,
        "CLOSED_ACCOUNTS": {"filter": {"is_active": False}, "closed_at": "last_login"},
    }
    night = Actor.system("night")
    users = [person(name) for name in ("closed", "reopened", "open")]
    closed = [user.pk for user in users[:2]]
    get_user_model().objects.filter(pk__in=closed).update(is_active=False, last_login=now - timedelta(days=100))
    assert take_over_closed(now=now, actor=night)["taken"] == 2
    assert take_over_closed(now=now, actor=night)["taken"] == 0
    get_user_model().objects.filter(pk=users[1].pk).update(is_active=True)

    counts = run_closures(now=now, horizon=now, actor=night)

    assert counts == {"accounts": 1, "partial": 0, "reopened": 1}
    left = set(get_user_model().objects.values_list("pk", flat=True))
    assert left == {users[1].pk, users[2].pk}
    assert set(Closure.objects.values_list("status", flat=True)) == {"done", "cancelled"}


@pytest.mark.skipif("not settings.AUTH_USER_MODEL.startswith('host_email')", reason="only a natural key is used again")
def test_whoever_takes_the_key_of_an_erased_account_is_somebody_new(now: datetime, actor: Actor) -> None:
    """The first erasure is not finished when the same address registers anew."""

    class Crm(ExternalStore):
        name = "crm"
        left = 1

        def erase(self, keys: Any) -> None:
            pass

        def verify(self, keys: Any) -> int:
            return self.left

    registry.add_store(Crm)
    by_page = Mandate("member", "page", "password")
    first = close_account(user=person("xqkey"), mandate=by_page, now=now, actor=actor)
    assert first.status == "partial"
    again = person("xqkey")

    run_closures(now=now, horizon=now, actor=actor)

    assert get_user_model().objects.get(pk=again.pk).is_active
    assert Session.objects.count() == 1
    second = close_account(user=again, mandate=by_page, now=now, actor=actor)
    assert second.closure_id != first.closure_id
    assert tables_with("xqkey@example.org") == ["privacy_closure.subject_key"]
    Crm.left = 0
    run_closures(now=now, horizon=now, actor=actor)
    assert set(Closure.objects.values_list("status", "subject_key")) == {("done", "")}
