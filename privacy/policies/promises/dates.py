"""A live check about the day from which a version binds each account, against what was held to bind it (CPT-14-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.among import Among
from privacy.core.batches import keyset
from privacy.core.people import joined_at
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.policies.acceptance.models import AcceptedVersion, Kind
from privacy.policies.binding import binds_everybody_from, changes_at_work
from privacy.policies.clocks import Effect, binds_from
from privacy.policies.models import PolicyNotice, PolicyVersion

_AT_ONCE = 1_000


@live_check("policies.nobody_bound_early", "Is nobody held to a version before their own day?")
def nobody_bound_early(context: CheckContext) -> Finding:
    """*Broken* by an account whose use of the site counted as agreement before the version was to bind it.

    CPT-14-3: 0 = enforced version[user effective date in future]. Only what came before the last day of a version is
    looked at, three queries for a thousand.
    """
    changes = list(changes_at_work(context.now))
    if not changes:
        return Finding.cannot_tell(_("No version changed anything yet."))
    early = sum(_early(version, effect) for version, effect in changes)
    if early:
        why = ngettext(
            "%(count)d account was held to a version before its day",
            "%(count)d accounts were held to a version before their day",
            early,
        )
        return Finding.broken(f"{why % {'count': early}}.", str(early))
    return Finding.kept(_("Nobody was held to a version before their own day."), str(len(changes)))


def _early(version: PolicyVersion, effect: Effect) -> int:
    rows = AcceptedVersion.objects.filter(
        version=version,
        acceptance__kind=Kind.CONTINUED,
        acceptance__at__lt=binds_everybody_from(version),
        acceptance__context__user_key__gt="",
    )
    return sum(_early_of(rows.filter(pk__in=keys), version, effect) for keys in keyset(rows, _AT_ONCE))


def _early_of(rows: QuerySet[AcceptedVersion], version: PolicyVersion, effect: Effect) -> int:
    held = list(rows.order_by().values_list("acceptance__context__user_key", "acceptance__at"))
    keys = [key for key, _at in held]
    notices = PolicyNotice.objects.dispatched().filter(Among("user_key", keys), version=version)
    told = dict(notices.values_list("user_key", "dispatched_at"))
    joined = {str(user.pk): joined_at(user) for user in _accounts(keys)}
    moments = (
        (
            at,
            binds_from(
                effect,
                posted_at=version.published_at,
                dispatched_at=told.get(key),
                joined_at=joined.get(key),
            ),
        )
        for key, at in held
    )
    return sum(at < moment for at, moment in moments)


def _accounts(keys: Sequence[str]) -> QuerySet[Any]:
    key_field = get_user_model()._meta.pk
    return QuerySet(get_user_model()).filter(Among("pk", [key_field.to_python(key) for key in keys])).order_by()
