"""Accounts that the journal tells of, found again by their fingerprints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from privacy.core.among import Among
from privacy.core.batches import keyset
from privacy.core.people import created_field
from privacy.core.replayers import Told
from privacy.datamap.shapes import email_field
from privacy.disposal.journal.lines import fingerprinting, fingerprints

_ACCOUNTS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """An account that exists, by its key, with what the journal tells of it."""

    key: str
    told: Told


def who(keys: Sequence[str]) -> dict[str, dict[str, str]]:
    """By account key (``str(pk)``) the fingerprints that find the account, and tell it from the next with its key.

    That is the moment at which it was made, or name and address where the model has no such moment. One query.
    """
    key_field = get_user_model()._meta.pk
    typed = [key_field.to_python(key) for key in keys]
    accounts: QuerySet[Any] = QuerySet(get_user_model()).filter(Among("pk", typed))
    columns = _columns()
    about = {str(row[0]): _traits(row, columns) for row in accounts.order_by().values_list("pk", *columns.values())}
    prints = {what: fingerprinting(what) for what in ("account", *columns)}
    return {
        key: {what: prints[what](value) for what, value in {"account": key, **about.get(key, {})}.items()}
        for key in keys
    }


def accounts_back(told: Sequence[Told]) -> Iterator[list[Found]]:
    """For each account whose key is told of, all that is told of it; nothing where the key is another's now.

    What was done comes before what was only intended, and then the newest first. Walks over all accounts once: a
    fingerprint cannot be asked of a database.
    """
    by_print: dict[str, list[Told]] = {}
    for one in sorted(told, key=lambda one: ("done" in one.states, one.at), reverse=True):
        by_print.setdefault(one.who["account"], []).append(one)
    if not by_print:
        return
    accounts: QuerySet[Any] = QuerySet(get_user_model())
    columns = _columns()
    for keys in keyset(accounts, _ACCOUNTS_AT_ONCE):
        for row in accounts.filter(Among("pk", keys)).values_list("pk", *columns.values()):
            of_key = [one for word in fingerprints("account", str(row[0])) for one in by_print.get(word, ())]
            if of_key:
                yield [Found(str(row[0]), one) for one in of_key if _is_the_same(row, columns, one)]


def _is_the_same(row: Sequence[Any], columns: Mapping[str, str], one: Told) -> bool:
    """Whether the account is the one that was told of, and not one that was given its key since."""
    traits = _traits(row, columns)
    known = {what: word for what, word in one.who.items() if what != "account"}
    if any(known.get(what) in fingerprints(what, value) for what, value in traits.items()):
        return True
    born = row[1] if "born" in traits else None
    if isinstance(born, datetime):
        return born <= (datetime.fromisoformat(one.facts["cutoff"]) if "cutoff" in one.facts else one.at)
    return not known


def _columns() -> dict[str, str]:
    """What tells an account apart, and the column of the user model that holds it."""
    if created := created_field():
        return {"born": created}
    model = get_user_model()
    named = {"name": str(model.USERNAME_FIELD), "email": email_field(model)}
    return {what: column for what, column in named.items() if column}


def _traits(row: Sequence[Any], columns: Mapping[str, str]) -> dict[str, str]:
    key, *values = row
    traits = dict(zip(columns, values, strict=True))
    return {what: f"{key} {_moment(value)}" for what, value in traits.items() if value or what == "born"}


def _moment(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
