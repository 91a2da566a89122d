"""What the disposal room is asked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet

from privacy.core.conf import TakeOverRule, settings
from privacy.core.words import name_words
from privacy.datamap import graph
from privacy.datamap.declarations import Delete
from privacy.datamap.registry import registry
from privacy.datamap.rows import key_as_text
from privacy.disposal.models import Closure, StoreReceipt
from privacy.disposal.rules import ClosureRules
from privacy.promises.queries import section


def rules() -> ClosureRules:
    """The profile's ``[closure]`` rules; a site without a profile destroys at once."""
    found = section("closure")
    return found if isinstance(found, ClosureRules) else ClosureRules()


def take_over_fingerprint() -> str:
    """Changes whenever the filter for accounts that the site closed itself changes; empty without one."""
    rule = settings.closed_accounts
    if rule is None:
        return ""
    text = json.dumps([sorted((key, repr(value)) for key, value in rule.filter.items()), rule.closed_at])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def account_row_goes() -> bool:
    """Whether an erasure deletes the user's own row; else it stays, made anonymous, and so does its key."""
    user = graph.find(get_user_model())
    return user is not None and all(isinstance(side.erasure, Delete) for side in user.sides)


def closed_by_site(rule: TakeOverRule) -> QuerySet[Any]:
    """Accounts that match the take-over filter and have no closure yet, with ``_closed_at``.

    One query; the anti-join runs over the index on ``subject_key``.
    """
    model = get_user_model()
    users = model._base_manager.filter(**rule.filter).annotate(
        _closed_at=F(rule.closed_at), _key=key_as_text(model, router.db_for_read(model))
    )
    taken = Closure.objects.filter(subject_key=OuterRef("_key")).exclude(status=Closure.Status.CANCELLED)
    return users.filter(~Exists(taken))


def due_by_site(moment: datetime) -> int:
    """How many accounts that the site closed itself are past their date and not yet taken over."""
    rule = settings.closed_accounts
    if rule is None:
        return 0
    cutoff = rules().after.cutoff(moment, settings.calendar)
    users = closed_by_site(rule)
    return users.filter(Q(_closed_at__lte=cutoff) | Q(_closed_at__isnull=True)).count()


def unfinished(now: datetime) -> QuerySet[Closure]:
    """Closures past their date that are neither done nor held."""
    return Closure.objects.overdue(now)


@dataclass(frozen=True, slots=True)
class StoreStanding:
    """How things stand with one external store.

    Attributes:
        name: as declared, or as the receipts of a store that is not declared any more call it.
        declared: whether it can be asked.
        open, confirmed: receipts.
        open_since: of the oldest open one.
        answers: what the open ones say, with how many of each.
        last_confirmed: when it last confirmed.
        unasked: accounts that were erased before it was declared, where it never was asked about anybody.
    """

    name: str
    declared: bool
    open: int = 0
    confirmed: int = 0
    open_since: datetime | None = None
    answers: tuple[tuple[str, int], ...] = ()
    last_confirmed: datetime | None = None
    unasked: int = 0

    @property
    def title(self) -> str:
        return store_title(self.name)


def store_title(name: str) -> str:
    """What members read; a store that is not declared any more has only its name."""
    titles = {store.name: str(store.title) for store in registry.stores()}
    return titles.get(name) or name_words(name)


def store_standings() -> list[StoreStanding]:
    """Every store that is declared or still waited for, by name; at most three queries."""
    receipts = StoreReceipt.objects.order_by()
    opened: dict[str, list[tuple[str, int]]] = {}
    for name, answer, count in receipts.open().values_list("store", "answer").annotate(Count("pk")):
        opened.setdefault(name, []).append((answer, count))
    figures: dict[str, dict[str, Any]] = {
        row["store"]: {name: value for name, value in row.items() if name != "store"}
        for row in receipts.values("store").annotate(
            open=Count("pk", filter=Q(verified_at__isnull=True)),
            confirmed=Count("pk", filter=Q(verified_at__isnull=False)),
            open_since=Min("opened_at", filter=Q(verified_at__isnull=True)),
            last_confirmed=Max("verified_at"),
        )
    }
    declared = {store.name for store in registry.stores()}
    erased = Closure.objects.erased().count() if declared - set(figures) else 0
    return [
        StoreStanding(
            name=name,
            declared=name in declared,
            answers=tuple(sorted(opened.get(name, ()))),
            unasked=0 if name in figures else erased,
            **figures.get(name, {}),
        )
        for name in sorted(declared | set(opened))
    ]
