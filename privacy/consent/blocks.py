"""What this room answers to rooms below and above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count

from privacy.consent import replaying  # noqa: F401
from privacy.consent.models import ConsentContext, Flag
from privacy.consent.people import Person
from privacy.consent.queries import open_questions
from privacy.core.registries import DeskCard, PageBlock, desk_cards, key_users, page_blocks

_LISTED = 5


def digests_by_key() -> dict[str, int]:
    """Rows whose person only a digest or a pseudonym can tell, by the id of the key that it needs."""
    nameless = ConsentContext.objects.filter(user_key="").order_by()
    found = Counter(dict(nameless.values_list("digest_key").annotate(Count("pk"))))
    found.update(dict(Flag.objects.filter(user_key="").order_by().values_list("digest_key").annotate(Count("pk"))))
    return dict(found)


def _member(user: Any, now: datetime) -> Mapping[str, Any]:
    person = Person.of_user(user)
    open_ones = open_questions(person, now=now)
    standing = ConsentContext.objects.of(person).granting(now).count()
    flags = Flag.objects.of(person).stopping().count()
    return {"open": open_ones, "standing": standing, "flags": flags}


def _card(now: datetime) -> Mapping[str, Any]:
    waiting = list(Flag.objects.waiting()[:_LISTED])
    return {
        "granted": ConsentContext.objects.granting(now).count(),
        "restricted": Flag.objects.stopping().filter(kind=Flag.Kind.RESTRICTION).count(),
        "objections": Flag.objects.waiting().count() if len(waiting) == _LISTED else len(waiting),
        "waiting": waiting,
    }


key_users.add("consent.people", digests_by_key)
desk_cards.add("consents", DeskCard("consents", 40, "privacy/consent/card.html", "privacy.view_flag", _card))
page_blocks.add("consents", PageBlock("consents", 30, "privacy/consent/block.html", _member))
