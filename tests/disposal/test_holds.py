"""Holds stop closure, schedule, command, batch and ORM deletion alike; a release completes what waited."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.datamap.declarations import ExternalStore
from privacy.datamap.registry import registry
from privacy.disposal import expiry
from privacy.disposal.deleting import DeletionRefused
from privacy.disposal.holds import held_subjects, is_held
from privacy.disposal.holds.placing import place_hold, release_hold
from privacy.disposal.models import Closure, Hold
from privacy.disposal.services import (
    Mandate,
    close_account,
    close_accounts,
    preview_account,
    run_closure,
    run_closures,
    take_over_closed,
)
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from tests.disposal.holding import hold
from tests.disposal.planting import plant
from tests.host import models as host

pytestmark = pytest.mark.django_db(transaction=True)

BY_PASSWORD = Mandate("member", "page", "password")
NIGHT = Actor.system("night")


def users() -> Any:
    return get_user_model().objects


@pytest.fixture(autouse=True)
def _sentinel() -> None:
    users().get_or_create(username="former-member")


def rows_of(user: Any) -> dict[str, int]:
    """How many rows each declared table has that lead to the person; those that end with the sign-in left out."""
    subjects = graph.Subjects.of([user.pk])
    return {
        f"{item.label}:{side.name}": count
        for item in graph.declared()
        for side in item.sides
        if not item.data.access
        and item.label != "privacy.SessionIndex"
        and (count := item.rows(side, subjects).count())
    }


def night(moment: datetime) -> dict[str, int]:
    return run_closures(now=moment, horizon=moment + timedelta(days=1), actor=NIGHT)


def files() -> list[Path]:
    return [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


# --- must show --------------------------------------------------------------------------------


def test_holds_stop_closure_schedule_command_and_batch_alike(now: datetime, actor: Actor) -> None:
    held = plant("held")
    hold(now, held)
    before = rows_of(held)

    report = close_account(user=held, mandate=BY_PASSWORD, now=now, actor=actor)
    assert report.status == "held"
    assert rows_of(held) == before
    assert not Client().login(username="held", password="secret held"), "the account is cut off all the same"

    out = StringIO()
    call_command("privacy_close", "held", "--json", stdout=out)
    assert json.loads(out.getvalue())["status"] == "held"

    counts = close_accounts(users=users().filter(pk=held.pk), mandate=BY_PASSWORD, now=now, actor=actor)
    assert counts["accounts"] == counts["partial"] == 0
    fresh = plant("fresh")
    hold(now, fresh)
    counts = close_accounts(users=users().filter(pk=fresh.pk), mandate=BY_PASSWORD, now=now, actor=actor)
    assert (counts["accounts"], counts["held"]) == (0, 1)

    declared = graph.find(host.PageView)
    assert declared is not None
    for rule in declared.expiries:
        assert expiry.over(declared, rule, now).count() == 0
        expiry.expire(declared=declared, expiry=rule, cutoff=now, now=now, actor=actor)
    assert rows_of(held) == before
    assert len(files()) == 2
    assert night(now)["accounts"] == 0


def test_releasing_a_hold_completes_what_waited_in_the_next_night(now: datetime, actor: Actor) -> None:
    person = plant("waited")
    placed = hold(now, person)
    close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    closure = Closure.objects.get()
    assert closure.status == "held"
    month_later = now + timedelta(days=30)

    release_hold(hold=placed, now=month_later, actor=actor)
    assert users().filter(pk=person.pk).exists(), "the release itself destroys nothing"
    assert run_closures(now=month_later, horizon=month_later, actor=NIGHT, dry_run=True)["accounts"] == 1
    assert night(month_later)["accounts"] == 1

    closure.refresh_from_db()
    assert closure.status == "done"
    assert closure.due_at == now, "the clock is the original one"
    assert not rows_of(person)
    assert not users().filter(pk=person.pk).exists()
    assert not files()
    assert Hold.objects.get().subject_key == "", "a released hold forgets whom it held, with the person"


def test_rows_that_were_over_go_by_their_original_clock_once_the_hold_is_released(now: datetime, actor: Actor) -> None:
    person = plant("overdue")
    placed = hold(now, person)
    declared = graph.find(host.PageView)
    assert declared is not None
    rule = next(rule for rule in declared.expiries if str(rule.period) == "P13M")
    expiry.expire(declared=declared, expiry=rule, cutoff=now, now=now, actor=actor)
    assert host.PageView.objects.count() == 1
    release_hold(hold=placed, now=now, actor=actor)
    assert expiry.expire(declared=declared, expiry=rule, cutoff=now, now=now, actor=actor).rows == 1


def test_run_now_completes_a_released_closure_at_once_and_stops_at_one_in_force(now: datetime, actor: Actor) -> None:
    person = plant("now")
    placed = hold(now, person)
    close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    closure = Closure.objects.get()
    assert run_closure(closure=closure, now=now, actor=actor).status == "held"
    release_hold(hold=placed, now=now, actor=actor)
    assert run_closure(closure=closure, now=now, actor=actor).status == "done"


def test_other_code_cannot_delete_a_held_account_even_before_it_is_closed(now: datetime, actor: Actor) -> None:
    person = users().create_user("ormheld", "ormheld@example.org", "x")
    host.Comment.objects.create(author=person, text="kept")
    placed = hold(now, person, "posts")
    with pytest.raises(DeletionRefused, match="legal hold"):
        person.delete()
    assert host.Comment.objects.filter(author=person).exists()
    release_hold(hold=placed, now=now, actor=actor)
    person.delete()
    assert not users().filter(username="ormheld").exists()


# --- a person ---------------------------------------------------------------------------------


def test_a_held_closure_says_what_stays_on_which_ground_and_when_it_is_reviewed(now: datetime, actor: Actor) -> None:
    person = plant("told")
    placed = hold(now, person)
    report = close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    kept = {item.model: item for item in report.kept}
    assert {"auth.User", "host.Upload", "host.Order", "host.Note"} <= kept.keys()
    assert all(item.ground == "litigation" for item in report.kept)
    assert all((item.until, item.review_at) == (placed.ends_at, placed.review_at) for item in report.kept)
    assert report.steps == ()


def test_a_hold_narrowed_to_a_category_lets_the_rest_go_but_not_what_held_rows_hang_on(
    now: datetime, actor: Actor
) -> None:
    person = plant("narrow")
    hold(now, person, "documents")
    report = close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)

    assert report.status == "held"
    assert host.Contract.objects.filter(owner=person, terms="narrow").exists()
    assert users().filter(pk=person.pk, email="narrow@example.org").exists()
    left = rows_of(person)
    assert {label.partition(":")[0] for label in left} <= {"auth.User", "host.Document", "host.Contract"}
    assert not files(), "an upload is no document"
    assert {step.model for step in report.steps} >= {"host.Upload", "host.Comment", "host.Order"}
    assert "host.Document" in {item.model for item in report.kept if item.review_at}


def test_the_parents_of_held_rows_stay_with_them(now: datetime, actor: Actor) -> None:
    """A note about an order is found through the order."""
    person = plant("parents", orders=2)
    hold(now, person, "support")
    close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    assert host.Note.objects.filter(text="about parents").count() == 1
    assert host.Note.objects.filter(text="parents").count() == 1
    [order] = host.Order.objects.filter(customer=person)
    assert order.address == "parents"
    assert host.Order.objects.filter(customer=None, address="").count() == 1, "nobody wrote a note about this one"


def test_after_the_release_of_a_narrowed_hold_the_closure_tells_both_halves(now: datetime, actor: Actor) -> None:
    person = plant("halves")
    placed = hold(now, person, "documents")
    first = close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    release_hold(hold=placed, now=now, actor=actor)
    night(now)
    closure = Closure.objects.get()
    assert closure.status == "done"
    steps = {step["model"]: step["rows"] for step in closure.steps}
    assert steps["host.Upload"] == 1
    assert steps["host.Document"] == steps["auth.User"] == 1
    assert {item["ground"] for item in closure.kept} == {item.ground for item in first.kept if not item.review_at}


def test_external_stores_are_not_asked_about_held_people(now: datetime, actor: Actor) -> None:
    asked: list[str] = []

    class Crm(ExternalStore):
        name = "crm"

        def erase(self, keys: Any) -> None:
            asked.extend(keys)

        def verify(self, keys: Any) -> int:
            return 0

    registry.add_store(Crm)
    person, other = plant("store"), plant("free")
    placed = hold(now, person)
    close_accounts(users=users().filter(pk__in=[person.pk, other.pk]), mandate=BY_PASSWORD, now=now, actor=actor)
    assert asked == [str(other.pk)]
    release_hold(hold=placed, now=now, actor=actor)
    night(now)
    assert asked == [str(other.pk), str(person.pk)]


def test_rows_that_others_share_with_a_held_person_stay_whole(now: datetime, actor: Actor) -> None:
    """What one wrote to the other is evidence of both."""
    person = plant("claimant")
    other = users().get(username="somebody-else")
    hold(now, person)
    report = close_account(user=other, mandate=BY_PASSWORD, now=now, actor=actor)
    assert report.status == "held"
    assert host.Message.objects.filter(sender=other, recipient=person, body="from the other").exists()
    assert not host.Comment.objects.filter(author=other).exists(), "their own words elsewhere go"


# --- batches ----------------------------------------------------------------------------------


def test_a_held_person_stops_nobody_else_of_the_batch(now: datetime, actor: Actor) -> None:
    people = [plant(f"batch{number}") for number in range(4)]
    hold(now, people[1])
    host.Message.objects.filter(recipient=people[1]).delete()  # shared with the one who stays
    counts = close_accounts(
        users=users().filter(username__startswith="batch"), mandate=BY_PASSWORD, now=now, actor=actor
    )
    assert counts == {"accounts": 3, "partial": 0, "reopened": 0, "scheduled": 0, "held": 1}
    assert list(users().filter(username__startswith="batch")) == [people[1]]


def test_what_would_stand_in_the_way_of_a_held_person_stops_only_the_others(now: datetime, actor: Actor) -> None:
    held, free = plant("held"), plant("free")
    hold(now, held)
    users().filter(username="former-member").delete()  # who stands in for the authors of reviews
    for person in (held, free):
        Closure.objects.create(
            subject_key=str(person.pk), pseudonym="p", channel="command", closed_at=now, due_at=now, status="planned"
        )
    night(now)
    assert Closure.objects.get(subject_key=str(held.pk)).status == "held"
    assert Closure.objects.get(subject_key=str(free.pk)).status == "partial"


def test_accounts_that_the_site_closed_itself_are_held_as_well(now: datetime, actor: Actor, settings: Any) -> None:
    settings.PRIVACY = {
        **settings.PRIVACY,
        "CLOSED_ACCOUNTS": {"filter": {"customer__closed_at__isnull": False}, "closed_at": "customer.closed_at"},
    }
    person = plant("sites")
    host.Customer.objects.update(closed_at=now - timedelta(days=10))
    placed = hold(now, person)
    take_over_closed(now=now, actor=actor)
    assert night(now)["held"] == 1
    assert host.Customer.objects.filter(user=person).exists()
    release_hold(hold=placed, now=now, actor=actor)
    assert night(now)["accounts"] == 1


def test_a_purge_without_any_hold_asks_one_query_more_a_batch(now: datetime, actor: Actor) -> None:
    for number in range(3):
        plant(f"cheap{number}")
    everybody = users().filter(username__startswith="cheap")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        close_accounts(users=everybody, mandate=BY_PASSWORD, now=now, actor=actor)
    about_holds = [query["sql"] for query in queries if "privacy_hold" in query["sql"]]
    assert len(about_holds) == 1, about_holds


def test_a_held_closure_is_looked_at_again_only_when_the_holds_changed(now: datetime, actor: Actor) -> None:
    person = plant("quiet")
    hold(now, person)
    close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    assert "held" not in night(now + timedelta(days=1)), "nothing changed"
    hold(now, plant("second"))
    assert night(now + timedelta(days=2))["held"] == 1


# --- categories -------------------------------------------------------------------------------


def test_a_hold_on_a_category_keeps_everybodys_rows_of_it(now: datetime, actor: Actor) -> None:
    first, second = plant("first"), plant("second")
    placed = hold(now, None, "uploads")
    counts = close_accounts(
        users=users().filter(pk__in=[first.pk, second.pk]), mandate=BY_PASSWORD, now=now, actor=actor
    )
    assert counts["held"] == 2
    assert host.Upload.objects.count() == len(files()) == 2
    assert not host.Comment.objects.filter(author__in=[first, second]).exists()
    release_hold(hold=placed, now=now, actor=actor)
    assert night(now)["accounts"] == 2
    assert not host.Upload.objects.exists()


def test_who_has_nothing_in_a_held_category_goes(now: datetime, actor: Actor) -> None:
    person = plant("nothing")
    host.Upload.objects.all().delete()
    hold(now, None, "uploads")
    assert close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor).status == "done"


def test_a_held_category_whose_rows_do_not_tell_whose_they_are(now: datetime, actor: Actor) -> None:
    """Newsletter contacts are found by their address alone."""
    people = [plant(f"mail{number}") for number in range(3)]
    host.NewsletterContact.objects.exclude(name="mail1").delete()
    hold(now, None, "newsletter")
    counts = close_accounts(
        users=users().filter(pk__in=[one.pk for one in people]), mandate=BY_PASSWORD, now=now, actor=actor
    )
    assert (counts["accounts"], counts["held"]) == (2, 1)
    assert host.NewsletterContact.objects.get().address == "mail1@Example.org"
    assert users().filter(email="mail1@example.org").exists(), "the way back to the address"


def test_a_schedule_leaves_out_a_held_category_and_what_its_rows_hang_on(now: datetime, actor: Actor) -> None:
    plant("sched")
    orders = graph.find(host.Order)
    assert orders is not None
    [keep] = orders.keeps
    host.Order.objects.update(customer=None)
    much_later = now + timedelta(days=4000)
    placed = hold(now, None, "purchases")
    assert expiry.end_keep(declared=orders, keep=keep, moment=much_later, now=much_later, actor=actor).rows == 0
    release_hold(hold=placed, now=now, actor=actor)
    line = hold(now, None, "support")
    assert expiry.kept_over(orders, keep, much_later).count() == 1, "the other is what a held note is about"
    release_hold(hold=line, now=now, actor=actor)
    assert expiry.end_keep(declared=orders, keep=keep, moment=much_later, now=much_later, actor=actor).rows == 2


# --- preview, queries, evidence ---------------------------------------------------------------


def test_the_preview_lists_the_holds_and_counts_only_what_would_go(now: datetime, actor: Actor) -> None:
    person = plant("preview")
    placed = hold(now, person, "documents")
    plan = preview_account(user=person, now=now)
    assert [fact.id for fact in plan.holds] == [placed.pk]
    report = close_account(user=person, mandate=BY_PASSWORD, now=now, actor=actor)
    sessions = "privacy.SessionIndex"  # ended by the cut-off, before the plan runs
    planned = [(s.model, s.action, s.rows) for s in plan.steps if s.model != sessions]
    assert planned == [(s.model, s.action, s.rows) for s in report.steps]
    assert set(plan.kept) == set(report.kept)


def test_the_preview_of_a_free_person_names_no_hold_of_others(now: datetime) -> None:
    person = plant("freeone")
    host.Message.objects.all().delete()
    stranger = plant("stranger")
    hold(now, stranger)
    assert preview_account(user=person, now=now).holds == ()


def test_other_paths_ask_who_is_held(now: datetime, actor: Actor) -> None:
    person, free = plant("asked"), plant("notasked")
    placed = hold(now, person, "documents")
    assert held_subjects([str(person.pk), str(free.pk)]) == {str(person.pk)}
    assert is_held(str(person.pk))
    release_hold(hold=placed, now=now, actor=actor)
    assert not is_held(str(person.pk))


def test_evidence_tells_of_a_hold_and_its_immutable_half_names_nobody(now: datetime) -> None:
    person = plant("named")
    placed = place_hold(
        user=person,
        case="2026/K-17",
        ground="litigation",
        review_at=now + timedelta(days=30),
        ends_at=now + timedelta(days=90),
        now=now,
        actor=Actor.system("tests"),
    )
    release_hold(hold=placed, now=now, actor=Actor.system("tests"))
    entries = EvidenceEntry.objects.filter(act__startswith="disposal.hold_").order_by("pk")
    assert [entry.act for entry in entries] == ["disposal.hold_placed", "disposal.hold_released"]
    assert {entry.label for entry in entries} == {"privacy.Hold"}
    assert "K-17" in str(EvidenceDetail.objects.get(entry=entries[0]).content)
    assert "K-17" not in str([(entry.label, entry.counts) for entry in entries])


def test_who_is_closed_under_a_hold_is_named_by_no_entry_that_cannot_be_erased(now: datetime) -> None:
    person = plant("member")
    hold(now, person)
    close_account(user=person, mandate=BY_PASSWORD, now=now, actor=Actor.member(person))
    entry = EvidenceEntry.objects.get(act="disposal.held")
    assert entry.counts == {"accounts": 1, "rows": 0, "files": 0}
    assert EvidenceDetail.objects.get(entry=entry).actor_key == ""
