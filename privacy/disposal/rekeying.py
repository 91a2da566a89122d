"""Pseudonyms after a rotation: what can be named under the newest key is, and what cannot says which key it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from privacy.core.batches import keyset
from privacy.core.conf import settings
from privacy.core.pseudonyms import known_key_ids, pseudonym, pseudonym_key_id, pseudonyms
from privacy.core.registries import key_users
from privacy.disposal.closing import lock, using
from privacy.disposal.models import Closure
from privacy.disposal.querysets import ClosureQuerySet

_Channel = Closure.Channel
#: Nobody was told the reference of these closures, so it may change.
_UNTOLD = (_Channel.TAKE_OVER, _Channel.RETENTION, _Channel.ORM, _Channel.REPLAY)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class KeyNeeds:
    """Which keys of pseudonyms rows need.

    Attributes:
        missing: rows by id of a key that is not in the settings any more.
        idle: ids of the older keys of the list that no row needs.
    """

    missing: Mapping[str, int]
    idle: tuple[str, ...]


def key_needs() -> KeyNeeds:
    """Ask every room that stores pseudonyms."""
    rows: Counter[str] = Counter()
    for ask in key_users:
        rows.update(ask())
    own = known_key_ids()[: len(settings.pseudonym_keys)]  # those derived from SECRET_KEY come with it
    known = set(known_key_ids())
    return KeyNeeds(
        {key: count for key, count in sorted(rows.items()) if count and key not in known},
        tuple(key for key in own[1:] if not rows[key]),
    )


def closures_by_key() -> dict[str, int]:
    """Closures whose person only their pseudonym can tell, by the id of the key that it needs."""
    named = Closure.objects.filter(subject_key="").exclude(pseudonym_key="").order_by()
    return dict(named.values_list("pseudonym_key").annotate(Count("pk")))


def rekey(*, dry_run: bool = False) -> dict[str, int]:
    """Name closures whose account's key is still known under the newest key of pseudonyms.

    A reference that somebody was told stays as it is, as long as its key is in the settings: taking a key away says
    that nothing may be named under it any more. Rows from before keys had ids get theirs where it can be found.
    Safe to call again after a crash.

    Returns:
        ``rekeyed`` closures, and ``marked`` ones, which only got the id of their key.
    """
    counts = {"rekeyed": 0, "marked": 0}
    stale = _stale()
    if dry_run:
        return {**counts, "rekeyed": stale.count()}
    for keys in keyset(stale, _BATCH):
        with transaction.atomic(using=using()):
            closures = lock(_stale().filter(pk__in=keys), wait=False)
            for closure in closures:
                counts[_name_anew(closure)] += 1
            Closure.objects.bulk_update(closures, ["pseudonym", "pseudonym_key"], batch_size=_BATCH)
    return {word: count for word, count in counts.items() if count}


def _stale() -> ClosureQuerySet:
    known = known_key_ids()
    named: ClosureQuerySet = Closure.objects.exclude(subject_key="").exclude(pseudonym_key=pseudonym_key_id())
    told: ClosureQuerySet = named.filter(pseudonym_key__in=known).exclude(channel__in=_UNTOLD)
    return named.exclude(pk__in=told.values("pk"))


def _name_anew(closure: Closure) -> str:
    if not closure.pseudonym_key:
        ids = dict(zip(pseudonyms("subject", closure.subject_key), known_key_ids(), strict=True))
        if closure.pseudonym in ids:
            closure.pseudonym_key = ids[closure.pseudonym]
            return "marked"
    closure.pseudonym = pseudonym("subject", closure.subject_key)
    closure.pseudonym_key = pseudonym_key_id()
    return "rekeyed"


key_users.add("disposal.closures", closures_by_key)
