"""Members with a history, quickly: for the demo, the tests and the measurements.

Rows are made a batch of members at a time, so memory does not grow with their number; the large
tables are filled by the database itself. The same seed gives the same data on an empty database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Max, Model

from project.coop import events, history
from project.coop.models import Earning, Member, PreferenceTag
from project.coop.people import TOPICS, Person, person

BATCH = 250
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Batch:
    """Members that were just made, for what further apps of the site make about them.

    Attributes:
        members: each person with the primary key of their member's row.
    """

    members: Sequence[tuple[Person, int]]
    now: datetime
    using: str

    def save(self, made: Iterable[M]) -> list[M]:
        """The rows with their keys; one INSERT for many."""
        objects = list(made)
        if not objects:
            return []
        manager = type(objects[0])._default_manager.using(self.using)
        return list(manager.bulk_create(objects, batch_size=history.ROWS_IN_ONE_INSERT))


#: Filled by the apps that a site has besides: each makes its rows for a batch and returns how many.
MAKERS: list[Callable[[Batch], int]] = []


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load made: people, and what they left behind."""

    members: int = 0
    closed: int = 0
    suspended: int = 0
    rows: int = 0
    files: int = 0

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(
            self.members + other.members,
            self.closed + other.closed,
            self.suspended + other.suspended,
            self.rows + other.rows,
            self.files + other.files,
        )


def load(
    *,
    count: int,
    seed: int,
    now: datetime,
    progress: Callable[[Loaded], None] = lambda _done: None,
    using: str = DEFAULT_DB_ALIAS,
) -> Loaded:
    """Make ``count`` members, numbered on after those that are there.

    Args:
        count: how many people.
        seed: whole number; the same one makes the same people.
        now: the moment their histories reach up to.
        progress: told after each batch what was made so far.
    """
    first = _next_number(using)
    done = Loaded()
    for start in range(first, first + count, BATCH):
        numbers = range(start, min(start + BATCH, first + count))
        people = [person(number=number, seed=seed, now=now) for number in numbers]
        done += _batch(people, [_account(one) for one in people], seed, now, using)
        progress(done)
    return done


def load_one(*, username: str, password: str, seed: int, now: datetime, using: str = DEFAULT_DB_ALIAS) -> Loaded:
    """Make one active member who can sign in, with a history like everybody's."""
    number = _next_number(using)
    one = person(number=number, seed=seed, now=now, always_active=True)
    account = _account(one)
    account.username, account.password = username, make_password(password)
    return _batch([one], [account], seed, now, using)


def _next_number(using: str) -> int:
    # By the vouchers: everybody has one, and they outlive whoever has left.
    last = Earning.objects.using(using).aggregate(last=Max("number"))["last"]
    return int(last[1:8]) + 1 if last else 1


def _account(one: Person) -> Any:
    return get_user_model()(
        username=one.username,
        email=one.email,
        first_name=one.first,
        last_name=one.last,
        # Nobody signs in with it; a real one would cost a fifth of a second each.
        password=f"!{one.token(40)}",
        is_active=one.status == Member.Status.ACTIVE,
        date_joined=one.joined_at,
    )


def _batch(people: Sequence[Person], accounts: list[Any], seed: int, now: datetime, using: str) -> Loaded:
    with transaction.atomic(using=using):
        tags = _tags(using)
        users = get_user_model()._default_manager.using(using).bulk_create(accounts)
        written = history.write(people=people, users=users, tags=tags, now=now, using=using)
        rows = len(users) + written.rows
        rows += events.fill(
            first=people[0].number,
            members=written.members,
            campaigns=written.campaigns,
            seed=seed,
            now=now,
            using=using,
        )
        batch = Batch(list(zip(people, written.members, strict=True)), now, using)
        rows += sum(make(batch) for make in MAKERS)
    return Loaded(
        members=len(people),
        closed=sum(one.status == Member.Status.CLOSED for one in people),
        suspended=sum(one.status == Member.Status.SUSPENDED for one in people),
        rows=rows,
        files=written.files,
    )


def _tags(using: str) -> list[PreferenceTag]:
    PreferenceTag.objects.using(using).bulk_create([PreferenceTag(name=name) for name in TOPICS], ignore_conflicts=True)
    return list(PreferenceTag.objects.using(using).filter(name__in=TOPICS).order_by("name"))
