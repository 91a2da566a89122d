"""Run by ``test_site`` under the demo site's settings: a member's token, planted in whatever the declarations name, is
found nowhere after the account was closed on its own page.

Nothing here knows the co-op's tables: a field or table declared later is planted and looked for as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.db import connection, connections, models
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from privacy.consent.models import Choice, ConsentContext, Flag, Wording
from privacy.consent.people import Person
from privacy.consent.services import decide, object_to
from privacy.core.actors import Actor
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Keep
from privacy.datamap.graph import Declared, Side, Subjects
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.sweeping import empty_log
from privacy.evidence.services import record
from privacy.policies.acceptance.models import AcceptanceContext, Event, Kind
from privacy.policies.acceptance.whom import Whom
from privacy.policies.acceptance.writing import Said, write
from privacy.promises.services import load_profile
from project.coop import search
from project.coop.generate import load, load_one
from tests.disposal.searching import files_with, tables_with

GOES, STAYS = "xq7goeszz", "xq7stayszz"  # what must go, and what a ground keeps
PASSWORD = "a long secret of the member"
#: Columns too narrow for a token, or of a kind that holds none.
TOO_NARROW = {"coop.AdView.country"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file, so that its bytes can be read; without the triggers that would stop the flush behind the test."""
    settings.PRIVACY = {**settings.PRIVACY, "EVIDENCE_TRIGGERS": False}
    if connection.vendor == "sqlite":
        connections["default"].settings_dict["TEST"]["NAME"] = str(Path(settings.VAR_DIR) / "canary.sqlite3")


@pytest.fixture
def member(transactional_db: None, now: datetime) -> Any:
    profile = Path(settings.BASE_DIR) / "project" / "profiles" / "harvest.toml"
    load_profile(path=profile, now=now, actor=Actor.system("tests"))
    load(count=6, seed=1, now=now)
    load_one(username=GOES, password=PASSWORD, seed=1, now=now)
    return get_user_model().objects.get(username=GOES)


@pytest.mark.django_db(transaction=True)
def test_a_token_in_every_declared_place_is_found_nowhere_after_closing_on_the_page(member: Any) -> None:
    """Must show, Canary."""
    key, client = str(member.pk), Client()
    planted = set(plant(member))
    assert client.login(username=GOES, password=PASSWORD)
    session = client.session
    session["basket"] = GOES
    session.save()
    record(
        act="disposal.cancelled", now=timezone.now(), actor=Actor.member(member), subject=key, details={"said": GOES}
    )
    decide_with_token(member)
    accept_with_token(member)
    search.index([member.pk])  # what is written past the models' own save() is indexed by hand
    cached = list(cache_keys(member))
    for alias, name in cached:
        caches[alias].set(name, GOES)
    assert planted <= set(tables_with(GOES)) | set(tables_with(STAYS)), "what was planted can be seen"
    assert len(planted) > 40
    assert len(cached) > 0
    assert sessions_with(GOES) == 1
    assert len(files_with(GOES, Path(settings.MEDIA_ROOT))) >= 2
    assert len(files_with(GOES, Path(settings.SEARCH_DIR))) >= 2
    assert search.count([key]) > 1

    answer = client.post(reverse("privacy:account_close"), {"password": PASSWORD, "understood": "on"})

    assert answer.status_code == 200
    report = answer.context["report"]
    assert (report.status, report.errors) == ("done", ())
    assert tables_with(GOES) == []
    assert [place for place in tables_with(key) if place.endswith(("user_key", "subject_key", "actor_key"))] == []
    assert [name for alias, name in cached if caches[alias].get(name) is not None] == []
    empty_log()
    if connection.vendor == "sqlite":
        assert files_with(STAYS, Path(settings.VAR_DIR)) == ["canary.sqlite3"], "the bytes of the database are read"
    for folder in (Path(settings.MEDIA_ROOT), Path(settings.VAR_DIR)):
        assert files_with(GOES, folder) == []
    assert sessions_with(GOES) == 0
    assert not Sweep.objects.exists()
    assert search.count([key]) == 0
    assert [(store.title, store.answer) for store in report.stores] == [("Search of the co-op", "confirmed")]
    assert Closure.objects.get().subject_key == ""

    kept = {(item.model, item.ground): item for item in report.kept}
    assert set(tables_with(STAYS)) == {column for column, model in kept_columns() if model in {m for m, _ in kept}}
    assert set(kept) == {(item.label, keep.ground) for item in graph.declared() for keep in item.keeps}
    assert all(item.rows and item.until is not None for item in kept.values())


# --- planting ------------------------------------------------------------------------------


def decide_with_token(member: Any) -> None:
    """A consent and an objection through their own services, with a token where the person shows."""
    person, now, actor = Person.of_user(member), timezone.now(), Actor.member(member)
    wording = Wording.objects.of("interests").filter(language="en")[0]
    said: dict[str, Any] = {"person": person, "surface": "account", "now": now, "actor": actor}
    decide(purpose="interests", choice=Choice.GIVEN, wording=wording, language="en", **said)
    object_to(purpose="improvement", **said)
    ConsentContext.objects.update(network=GOES, pseudonym=STAYS)
    Flag.objects.update(reason=GOES)


def accept_with_token(member: Any) -> None:
    """An acceptance with a token in each of its texts; what was published is another matter."""
    said = Said(Kind.EXPRESS, Event.CHANGE, {"privacy": ""}, "page", about=GOES, reason=GOES)
    write(Whom(str(member.pk)), said, now=timezone.now(), actor=Actor.member(member))
    AcceptanceContext.objects.update(network=GOES, pseudonym=STAYS)


def plant(member: Any) -> Iterator[str]:
    """Put a token into each personal field of each row that leads to the member; gives the columns."""
    user = graph.find(type(member))
    assert user is not None
    ordered = [user, *(item for item in graph.declared() if item is not user)]  # other rows may hold its new address
    for declared in ordered:
        if declared.model._meta.app_label == "privacy":
            continue  # our own rows are written by their own services
        for side in declared.sides:
            if not rows(declared, side, member).exists():
                member.refresh_from_db()  # its address is a token by now
                make(declared, side, member)
            for name in personal(declared, side):
                if token_in(declared, side, name, member):
                    yield column(declared.model, name)


def rows(declared: Declared, side: Side, member: Any) -> QuerySet[Any]:
    return declared.rows(side, Subjects.of([member.pk]))


def personal(declared: Declared, side: Side) -> Iterator[str]:
    """Fields that are this side's: what it overwrites, what goes with the row, or what a ground keeps."""
    if isinstance(side.erasure, Anonymise):
        yield from (name for name in (*side.erasure.values, *declared.data.fields))
    else:
        yield from (name for name, decision in declared.decisions.items() if decision.kind == "goes")


def token_in(declared: Declared, side: Side, name: str, member: Any) -> bool:
    field: Any = declared.model._meta.get_field(name)
    if field.is_relation or field is side.direct_field or name == "password":
        return False
    token = STAYS if isinstance(side.erasure, Keep) or name in declared.data.fields else GOES
    value = value_of(field, token)
    if value is None:
        assert not isinstance(field, models.CharField | models.TextField | models.JSONField) or (
            f"{declared.label}.{name}" in TOO_NARROW
        )
        return False
    for row in rows(declared, side, member):
        if isinstance(field, models.FileField):
            getattr(row, name).save(f"{token}.txt", ContentFile(f"file of {token}".encode()))
            continue
        # Unlike from row to row, as far as there is room; the member signs in by the bare token.
        differing = value_of(field, f"{token}{row.pk}") if row != member else None
        QuerySet(declared.model).filter(pk=row.pk).update(**{name: differing or value})
    return True


def value_of(field: Any, token: str) -> Any:
    """A value of the field's kind that holds the token; None where none can."""
    if isinstance(field, models.EmailField):
        return f"{token}@example.org"
    if isinstance(field, models.URLField):
        return f"https://{token}.example/"
    if isinstance(field, models.JSONField):
        return {"said": token}
    if isinstance(field, models.BinaryField):
        return token.encode()
    if isinstance(field, models.FileField):
        return token
    if isinstance(field, models.CharField | models.TextField):
        return token if field.max_length is None or field.max_length >= len(token) else None
    return None


def make(declared: Declared, side: Side, member: Any) -> Any:
    """A row that leads to the member by this side, with whatever its table demands."""
    given: dict[str, Any] = {}
    if side.generic is not None:
        given = {
            f"{side.generic.content_type}_id": ContentType.objects.get_for_model(member).pk,
            side.generic.object_id: str(member.pk),
        }
    elif side.kind == "user":
        first, _, rest = side.path.partition("__")
        given = {f"{first}_id": key_towards(declared.model, first, rest, member)}
    else:
        given = {side.path: {"email": member.email, "key": str(member.pk), "name": member.get_username()}[side.kind]}
    for field in declared.model._meta.local_concrete_fields:
        if field.attname not in given and not field.primary_key and not field.null and not field.has_default():
            given[field.attname] = something(field)
    return QuerySet(declared.model).create(**given)


def key_towards(model: type[models.Model], first: str, rest: str, member: Any) -> Any:
    target: Any = model._meta.get_field(first).related_model
    if not rest:
        return member.pk
    return QuerySet(target).filter(**{f"{rest}__pk": member.pk}).values_list("pk", flat=True)[0]


def something(field: Any) -> Any:
    if field.is_relation:
        if not QuerySet(field.related_model).exists():
            QuerySet(field.related_model).create(name="something")
        return QuerySet(field.related_model).values_list("pk", flat=True)[0]
    kinds: dict[type[Any], Callable[[], Any]] = {
        models.DateTimeField: timezone.now,
        models.DateField: lambda: timezone.now().date(),
        models.IntegerField: lambda: 1,
        models.DecimalField: lambda: 1,
        models.BooleanField: lambda: False,
    }
    make_one = next((make_one for kind, make_one in kinds.items() if isinstance(field, kind)), lambda: "")
    return make_one()


# --- looking -------------------------------------------------------------------------------


def column(model: type[models.Model], name: str) -> str:
    return f"{model._meta.db_table}.{model._meta.get_field(name).column}"  # type: ignore[union-attr]


def sessions_with(token: str) -> int:
    return sum(token in str(session.get_decoded()) for session in Session.objects.all())


def cache_keys(member: Any) -> Iterator[tuple[str, str]]:
    for declared in graph.declared():
        yield from declared.cache_keys(Subjects.of([member.pk]))


def kept_columns() -> Iterator[tuple[str, str]]:
    """Columns with a token that a ground keeps, each with its model."""
    for declared in graph.declared():
        for side in declared.sides:
            for name in personal(declared, side):
                field = declared.model._meta.get_field(name)
                kept = isinstance(side.erasure, Keep) or name in declared.data.fields
                if kept and value_of(field, STAYS) is not None:
                    yield column(declared.model, name), declared.label
