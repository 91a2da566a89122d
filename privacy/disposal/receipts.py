"""Receipts: what each external store must be asked about whom, and what it answered.

A receipt opens in the transaction that erases the account, so that no crash forgets a store; it closes only when
the store confirmed. Whatever is open is asked again by the next run, and nothing else is.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from privacy.core.actors import Actor
from privacy.core.among import Among
from privacy.core.errors import PrivacyError
from privacy.datamap.registry import registry
from privacy.disposal.closing import Closures, using
from privacy.disposal.models import StoreReceipt
from privacy.disposal.querysets import StoreReceiptQuerySet
from privacy.disposal.stores import Answer, ask
from privacy.evidence.services import record

_Kind = StoreReceipt.Answer


class StoreStillDeclared(PrivacyError):
    """Nobody can confirm in place of a store that can be asked."""


class NothingToSettle(PrivacyError):
    """No receipt of that store is open."""


def open_receipts(closures: Closures, *, now: datetime) -> None:
    """Write down that every declared store must be asked about these people; one INSERT a batch.

    Call it inside the transaction that erases them. What is written down already stays as it is.
    """
    StoreReceipt.objects.bulk_create(
        [
            StoreReceipt(closure=closure, store=store.name, opened_at=now)
            for store in registry.stores()
            for closure in closures
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def ask_stores(closures: Closures, *, now: datetime, actor: Actor) -> None:
    """Ask each store about those of these people of whom it has not confirmed yet that nothing is left.

    A store that fails, is late, lies or is silent keeps none of the others. Two runs may ask at once: the
    stores' methods are idempotent, and a confirmation is never taken back.
    """
    key_of: dict[uuid.UUID | None, str] = {closure.pk: closure.subject_key for closure in closures}
    declared = {store.name: store for store in registry.stores()}
    for name, receipts in sorted(_open_by_store(closures, now=now).items()):
        store = declared.get(name)
        keys = {receipt.pk: key_of[receipt.closure_id] for receipt in receipts}
        if store is None:
            answers = dict.fromkeys(keys.values(), Answer(_Kind.UNDECLARED))
        else:
            # Committed before the call: after a crash it can be seen that the store was asked.
            _open(keys).update(asked_at=now, attempts=F("attempts") + 1)
            answers = ask(store, list(keys.values()))
        _write_down(name, {pk: answers[key] for pk, key in keys.items()}, now=now, actor=actor)


def reasons(closures: Closures) -> Mapping[uuid.UUID | None, list[str]]:
    """Why these closures are not confirmed everywhere, by closure; one query."""
    found: dict[uuid.UUID | None, list[str]] = defaultdict(list)
    for receipt in _of(closures).open().order_by("store"):
        found[receipt.closure_id].append(f"{receipt.store}: {receipt.reason}")
    return found


def settle_store(*, store: str, now: datetime, actor: Actor) -> int:
    """A person confirms that a store which is not declared any more holds nobody: it was wiped, or its contract ended.

    The next night finishes the closures that waited for it.

    Returns:
        How many receipts closed.

    Raises:
        StoreStillDeclared: it can be asked, so only its own answer counts.
        NothingToSettle: nothing waits for it.
    """
    if any(declared.name == store for declared in registry.stores()):
        raise StoreStillDeclared(
            field=store, problem="it is declared, so only its own answer counts", mend="Mend it and run the night"
        )
    with transaction.atomic(using=using()):
        settled = StoreReceipt.objects.open().filter(store=store).update(answer=_Kind.SETTLED, verified_at=now)
        if not settled:
            raise NothingToSettle(field=store, problem="no receipt of it is open", mend="Look at the list again")
        record(act="disposal.store_settled", label=_label(store), counts={"accounts": settled}, now=now, actor=actor)
    return settled


def _open_by_store(closures: Closures, *, now: datetime) -> dict[str, list[StoreReceipt]]:
    """Open receipts by store, those of stores included that were declared since the account was erased."""
    known = list(_of(closures).only("closure_id", "store", "verified_at"))
    have = {(receipt.closure_id, receipt.store) for receipt in known}
    late = [
        StoreReceipt(closure=closure, store=store.name, opened_at=now)
        for store in registry.stores()
        for closure in closures
        if (closure.pk, store.name) not in have
    ]
    if late:
        StoreReceipt.objects.bulk_create(late, batch_size=500, ignore_conflicts=True)
        known = list(_of(closures).only("closure_id", "store", "verified_at"))
    found: dict[str, list[StoreReceipt]] = defaultdict(list)
    for receipt in known:
        if receipt.verified_at is None:
            found[receipt.store].append(receipt)
    return found


def _write_down(store: str, answers: dict[int, Answer], *, now: datetime, actor: Actor) -> None:
    """One UPDATE a kind of answer, with the evidence of it."""
    same: dict[Answer, list[int]] = defaultdict(list)
    for pk, answer in answers.items():
        same[answer].append(pk)
    counts: Counter[str] = Counter()
    with transaction.atomic(using=using()):
        for answer, pks in same.items():
            verified = now if answer.kind == _Kind.CONFIRMED else None
            counts[answer.kind] += _open(pks).update(
                answer=answer.kind, left=answer.left, error=answer.error, verified_at=verified
            )
        if told := {kind: count for kind, count in counts.items() if count}:
            who = Actor.system("closure") if actor.kind == "member" else actor
            record(act="disposal.store_answered", label=_label(store), counts=told, now=now, actor=who)


def _of(closures: Closures) -> StoreReceiptQuerySet:
    return StoreReceipt.objects.filter(Among("closure", [closure.pk for closure in closures]))


def _open(pks: Iterable[int]) -> StoreReceiptQuerySet:
    return StoreReceipt.objects.open().filter(Among("pk", list(pks)))


def _label(store: str) -> str:
    """The store's name as far as evidence takes one: a plain word."""
    word = re.sub(r"\W", "_", store)
    return f"privacy.StoreReceipt: {word if word[:1].isascii() and word[:1].isalpha() else f'_{word}'}"
