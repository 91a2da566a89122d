"""What the disposal room is asked."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from privacy.core.conf import TakeOverRule, settings
from privacy.datamap import graph
from privacy.datamap.declarations import Delete
from privacy.datamap.rows import key_as_text
from privacy.disposal.models import Closure
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
