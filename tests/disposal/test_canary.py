"""A token planted everywhere is found nowhere once the account is closed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from privacy.core.actors import Actor
from privacy.disposal.models import Closure
from privacy.disposal.services import Mandate, close_account, preview_account
from tests.disposal.planting import plant
from tests.disposal.searching import files_with, tables_with

TOKEN = "xq7canaryzz"
BY_PASSWORD = Mandate("member", "page", "password")


@pytest.mark.django_db(transaction=True)
def test_a_planted_token_is_found_nowhere_after_closure(settings: Any, now: datetime, actor: Actor) -> None:
    """Must show, Canary: every table, file, declared cache key, and the bytes of the database file."""
    media = Path(settings.MEDIA_ROOT)
    user = plant(TOKEN)
    key = user.pk
    assert len(tables_with(TOKEN)) >= 25
    assert files_with(TOKEN, media)

    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)

    assert (report.status, report.errors) == ("done", ())
    assert tables_with(TOKEN) == []
    assert files_with(TOKEN, media) == []
    assert cache.get(f"customer:{key}") is None
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        name = Path(connection.settings_dict["NAME"])
        for path in (name, name.with_name(name.name + "-wal")):
            assert not path.exists() or TOKEN.encode() not in path.read_bytes()


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_is_listed_with_ground_and_end(now: datetime, actor: Actor) -> None:
    report = close_account(user=plant(TOKEN), mandate=BY_PASSWORD, now=now, actor=actor)

    kept = {(item.model, item.ground): item for item in report.kept}
    orders = kept["host.Order", "tax law, 10 years"]
    assert orders.rows == 2
    assert orders.until is not None
    assert orders.until.isoformat() == "2036-01-06T09:30:00+00:00"
    assert kept["host.Invoice", "tax law, 10 years"].rows == 1


@pytest.mark.django_db(transaction=True)
def test_the_rows_of_others_stay_as_they_were(now: datetime, actor: Actor) -> None:
    from tests.host import models as host

    close_account(user=plant(TOKEN), mandate=BY_PASSWORD, now=now, actor=actor)

    answer = host.Comment.objects.get()
    assert (answer.text, answer.parent_id) == ("an answer of the other", None)
    received = host.Message.objects.get(sender__username="somebody-else")
    assert (received.body, received.recipient_id) == ("from the other", None)
    assert host.Team.objects.get().members.count() == 1
    assert host.Review.objects.get().author.username == "former-member"


@pytest.mark.django_db(transaction=True)
def test_a_finished_closure_knows_nobody_any_more(now: datetime, actor: Actor) -> None:
    close_account(user=plant(TOKEN), mandate=BY_PASSWORD, now=now, actor=actor)

    closure = Closure.objects.get()
    assert closure.subject_key == ""
    assert closure.status == Closure.Status.DONE
    assert closure.finished_at == now


@pytest.mark.django_db(transaction=True)
def test_a_kept_row_whose_period_has_no_beginning_is_listed_without_an_end(now: datetime, actor: Actor) -> None:
    """It would stay for ever: the others' end must not cover it up."""
    from privacy import Anonymise, Keep, PersonalData
    from privacy.datamap.registry import registry
    from tests.host import models as host

    class KeptViews(PersonalData):
        subject = "user"
        category = "events"
        purpose = "improvement"
        legal_basis = "legal_obligation"
        on_erasure = Anonymise(user_agent="", path="")
        fields = {"ip": Keep("law", until="P1Y from user__last_login")}

    registry.withdraw(host.PageView)
    registry.declare(host.PageView, KeptViews)
    user = plant(TOKEN)
    host.PageView.objects.create(user=user, path="/", viewed_at=now)
    assert {
        (item.rows, item.until is None) for item in preview_account(user=user, now=now).kept if item.ground == "law"
    } == {(2, False)}
    type(user).objects.filter(pk=user.pk).update(last_login=None)
    report = close_account(user=user, mandate=BY_PASSWORD, now=now, actor=actor)
    assert [(item.rows, item.until) for item in report.kept if item.ground == "law"] == [(2, None)]
