"""Where the site knows an address from: of its own, or only from a client's data (HTC-3.3-3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import EmailField, QuerySet

from privacy.datamap import graph
from privacy.datamap.graph import Declared
from privacy.datamap.shapes import email_field
from privacy.messages.models import OutboxMessage

_Place = tuple[Declared, str]


def has_client_addresses() -> bool:
    """Whether the site keeps anybody's address for a client at all."""
    return bool(_places()[0])


def only_clients(addresses: Collection[str]) -> set[str]:
    """Those that stand in a client's data and nowhere in the site's own: a query for each declared place at most."""
    theirs, ours = _places()
    known = _found(theirs, addresses)
    if not known:
        return known
    own = _found(ours, known)
    if field := email_field(get_user_model()):
        accounts: QuerySet[Any] = QuerySet(get_user_model())
        own |= set(accounts.filter(**{f"{field}__in": known}).values_list(field, flat=True))
    return known - own


def _places() -> tuple[list[_Place], list[_Place]]:
    """Columns of addresses in clients' tables, and in the site's own."""
    theirs: list[_Place] = []
    ours: list[_Place] = []
    for item in graph.declared():
        (theirs if item.scope == "client" else ours).extend((item, path) for path in sorted(_addresses(item)))
    return theirs, ours


def _addresses(item: Declared) -> set[str]:
    """Where a table holds e-mail addresses: what its declaration says, and every field of that kind."""
    if item.model is OutboxMessage:
        return set()
    fields = {field.name for field in item.model._meta.concrete_fields if isinstance(field, EmailField)}
    words = {word for word in item.subject_words if isinstance(word, str) and word.startswith("email:")}
    return fields | {word.removeprefix("email:") for word in words}


def _found(places: Sequence[_Place], addresses: Collection[str]) -> set[str]:
    found: set[str] = set()
    for item, path in places if addresses else ():
        rows = item.model._base_manager.filter(**{f"{path}__in": addresses})
        found |= set(rows.order_by().values_list(path, flat=True))
    return found
