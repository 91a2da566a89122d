"""Whom a mailing may go to. A host registers its own lists beside the members: ``docs/how-to/send-a-mailing.md``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.core.errors import PrivacyError
from privacy.core.registry import Registry
from privacy.datamap import graph
from privacy.datamap.shapes import email_field


class ClientData(PrivacyError):
    """The rows belong to a client: their people are never written to by the site itself (HTC-3.3-3)."""


@dataclass(frozen=True, slots=True)
class Audience:
    """A list of people.

    Attributes:
        name: stands in mailings, ``"members"``.
        title: what staff read.
        people: gives the queryset; it is walked by primary key, in batches.
        address: ORM path to the e-mail address.
        user: ORM path to the primary key of the account; empty where the people have none.
        language: ORM path to a language code; empty takes the mailing's.
        offered: whether staff may choose it; what only the law writes to is not.
    """

    name: str
    title: str | Promise
    people: Callable[[], QuerySet[Any]]
    address: str
    user: str = ""
    language: str = ""
    offered: bool = True

    def queryset(self) -> QuerySet[Any]:
        """
        Raises:
            ClientData: the model is declared with ``scope = "client"``.
        """
        rows = self.people()
        declared = graph.find(rows.model)
        if declared is not None and declared.scope == "client":
            raise ClientData(
                field="audience",
                problem="these rows are a client's, whose people the site may not write to",
                mend="Choose a list of the site's own",
            )
        return rows.exclude(**{self.address: ""}).exclude(**{self.address: None})


audiences: Registry[Audience] = Registry("audience")

#: Whoever has an account, active or not: what the law or a contract owes everybody goes to them.
EVERYBODY = "everybody"


def _members() -> QuerySet[Any]:
    return QuerySet(get_user_model()).filter(is_active=True)


def _everybody() -> QuerySet[Any]:
    return QuerySet(get_user_model())


def register_members() -> None:
    """Everybody with an open account, and everybody with any. Left out where the user model has no address."""
    address = email_field(get_user_model())
    if address:
        everybody = Audience(EVERYBODY, _("every account, active or not"), _everybody, address, "pk", offered=False)
        audiences.add(EVERYBODY, everybody)
        audiences.add("members", Audience("members", _("all members"), _members, address, "pk"))
