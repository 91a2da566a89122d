"""``may_process`` for the site's own code: helper, decorator, filter and template tag."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path

from privacy.consent import asking, may_process, permitted_rows, requires
from privacy.consent.models import Choice
from privacy.consent.people import Person
from privacy.consent.permission import permitted
from privacy.consent.queries import UnknownPurpose, open_questions, questions
from privacy.consent.services import object_to, restrict, withdraw
from privacy.core.actors import Actor
from tests.consent.conftest import PROFILE, answer
from tests.host import models as host
from tests.urls import urlpatterns as site_urls

pytestmark = pytest.mark.django_db
PURPOSES = ("newsletter", "interviews", "statistics", "offers")


def _asks_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user))


def _asks_much(request: HttpRequest) -> HttpResponse:
    page = engines["django"].from_string(
        "{% load privacy_consent %}"
        + "".join(f'{{% if request|may_process:"{code}" %}}{code} {{% endif %}}' for code in PURPOSES)
    )
    known = [code for code in PURPOSES * 5 if may_process(request.user, code)]
    return HttpResponse(page.render({}, request) + "|" + " ".join(known[:4]))


def _decides(request: HttpRequest) -> HttpResponse:
    before = may_process(request, "newsletter")
    answer(Person.of_user(request.user), datetime.fromisoformat("2026-03-16T12:00:00+00:00"))
    return HttpResponse(f"{before} {may_process(request, 'newsletter')}")


@requires("newsletter")
def _needs_consent(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(str(number))


urlpatterns = [
    *site_urls,
    path("nothing/", _asks_nothing),
    path("much/", _asks_much),
    path("decides/", _decides),
    path("needs/<int:number>/", _needs_consent),
]


@pytest.fixture
def signed_in(user: Any, client: Client, settings: Any) -> Client:
    settings.ROOT_URLCONF = __name__
    client.force_login(user)
    return client


def _queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_a_page_that_asks_may_process_adds_at_most_one_query_a_request_however_many_purposes_it_asks(
    signed_in: Client,
) -> None:
    assert _queries(signed_in, "/much/") - _queries(signed_in, "/nothing/") == 1


def test_what_a_request_learnt_is_forgotten_with_it(signed_in: Client, member: Person) -> None:
    assert signed_in.get("/much/").content == b"statistics offers |statistics offers statistics offers"
    object_to(person=member, purpose="offers", surface="account", now=_now(), actor=Actor.system("tests"))
    assert b"offers" not in signed_in.get("/much/").content
    assert asking._known.get() is None


@pytest.mark.django_db(transaction=True)
def test_a_decision_within_a_request_is_seen_by_the_rest_of_it(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(asking.timezone, "now", lambda: now + timedelta(days=1))
    assert signed_in.get("/decides/").content == b"False True"


def test_a_view_that_needs_consent_is_closed_without_it(
    signed_in: Client, member: Person, client: Client, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(asking.timezone, "now", lambda: now)
    assert signed_in.get("/needs/7/").status_code == 403
    answer(member, now)
    assert signed_in.get("/needs/7/").content == b"7"
    assert Client().get("/needs/7/").status_code == 403


def test_a_view_may_have_another_that_runs_instead(user: Any) -> None:
    @requires("newsletter", otherwise=lambda request: HttpResponse("ask first"))
    def view(request: HttpRequest) -> HttpResponse:
        raise PermissionDenied

    request = RequestFactory().get("/")
    request.user = user
    assert view(request).content == b"ask first"


def test_rows_are_left_out_whose_person_permits_nothing(user: Any, member: Person, now: datetime, actor: Actor) -> None:
    other = get_user_model().objects.create_user("tuck")
    for person in (user, other):
        host.PageView.objects.create(user=person, ip="192.0.2.7", path="/", viewed_at=now)
    answer(member, now)
    users = get_user_model().objects.all()
    assert list(permitted_rows(users, "newsletter", now=now)) == [user]
    views = permitted_rows(host.PageView.objects.all(), "newsletter", subject="user", now=now)
    assert [view.user for view in views] == [user]
    assert set(permitted_rows(users, "statistics", now=now)) >= {user, other}
    object_to(person=Person.of_user(other), surface="account", now=now, actor=actor)
    assert other not in permitted_rows(users, "statistics", now=now)
    assert not permitted_rows(users, "newsletter", now=now + timedelta(days=400)).exists()


def test_who_permits_is_asked_in_batches_and_not_one_by_one(
    member: Person, stranger: Person, now: datetime, django_assert_num_queries: Any
) -> None:
    crowd = [Person(user_key=str(number)) for number in range(10**9, 10**9 + 300)]
    crowd += [Person(address=f"p{number}@example.org") for number in range(300)]
    for person in (member, stranger, crowd[5], crowd[-1]):
        answer(person, now)
    with django_assert_num_queries(3):
        assert permitted([*crowd, member, stranger], "newsletter", now=now) == {member, stranger, crowd[5], crowd[-1]}
    with django_assert_num_queries(2):
        assert len(permitted(crowd, "statistics", now=now)) == 600
    with django_assert_num_queries(3):
        assert permitted(crowd[:3], "newsletter", now=now) == set()


def test_nobody_signed_in_has_agreed_to_nothing_and_objected_to_nothing(profile: Any, now: datetime) -> None:
    for nobody in (AnonymousUser(), None):
        assert not may_process(nobody, "newsletter", now=now)
        assert may_process(nobody, "statistics", now=now)


def test_a_purpose_that_nobody_declared_is_a_mistake_and_not_a_no(user: Any, now: datetime) -> None:
    with pytest.raises(UnknownPurpose):
        may_process(user, "newsleter", now=now)
    with pytest.raises(UnknownPurpose):
        may_process(user, "newsleter")
    with pytest.raises(UnknownPurpose):
        permitted([], "newsleter", now=now)


def test_a_purpose_that_the_profile_names_no_more_is_permitted_to_nobody(
    user: Any, member: Person, profile: Any, now: datetime
) -> None:
    answer(member, now)
    profile(PROFILE.replace('code = "newsletter"', 'code = "bulletin"'))
    assert not may_process(user, "newsletter", now=now)
    assert permitted([member], "newsletter", now=now) == set()
    assert not permitted_rows(get_user_model().objects.all(), "newsletter", now=now).exists()
    profile()
    assert may_process(user, "newsletter", now=now)


def test_a_restriction_stops_even_what_was_agreed_to(member: Person, now: datetime, actor: Actor) -> None:
    answer(member, now)
    restrict(person=member, ground="accuracy", surface="account", now=now, actor=actor)
    assert not any(may_process(member, code, now=now) for code in PURPOSES)


# --- accounts older than the app, and people who only use the site ------------------------------


def test_an_account_older_than_the_app_is_marked_and_asked_and_never_back_filled(
    member: Person, now: datetime, django_assert_num_queries: Any
) -> None:
    before = questions(member, language="en", joined_at=now - timedelta(days=900), now=now)
    assert {one.state.value for one in before} == {"before_app"}
    after = questions(member, language="en", joined_at=now + timedelta(days=1), now=now)
    assert {one.state.value for one in after} == {"not_asked"}
    with django_assert_num_queries(1):
        assert open_questions(member, now=now) == 2
    answer(member, now, Choice.REFUSED)
    assert open_questions(member, now=now) == 1
    shown = {one.purpose.code: one.state.value for one in questions(member, language="en", now=now)}
    assert shown == {"newsletter": "refused", "interviews": "not_asked"}


def test_subscribing_creates_no_opt_in(profile: Any, now: datetime) -> None:
    """T18: an account, a contact and an order are no consent."""
    user = get_user_model().objects.create_user("much", "much@example.org")
    host.NewsletterContact.objects.create(address="much@example.org", joined_at=now)
    for person in (Person.of_user(user), Person(address="much@example.org")):
        assert not may_process(person, "newsletter", now=now)


def test_an_ended_grant_is_asked_about_again(member: Person, now: datetime, actor: Actor) -> None:
    answer(member, now)
    answer(member, now, purpose="interviews")
    assert open_questions(member, now=now) == 0
    assert open_questions(member, now=now + timedelta(days=370)) == 1
    withdraw(person=member, purpose="newsletter", surface="account", now=now, actor=actor)
    assert open_questions(member, now=now) == 0


def _now() -> datetime:
    return datetime.fromisoformat("2026-03-16T12:00:00+00:00")
