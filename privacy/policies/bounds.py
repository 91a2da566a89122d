"""What a version binds on the site: the figures frozen in its text, for as long as it binds anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from privacy.core.registries import providers
from privacy.policies.binding import binds_everybody_from
from privacy.policies.models import PolicyVersion
from privacy.policies.queries import current
from privacy.promises.binding import BINDING_VERSIONS, FrozenFigure
from privacy.promises.models import FrozenBound
from privacy.promises.queries import VERSION_IN_FORCE

PRIVACY = "privacy"


def promised_in(figures: Mapping[str, Mapping[str, str]]) -> list[FrozenFigure]:
    """The bounds among the figures of a version: each promise once, however often the text names it."""
    found: dict[str, FrozenFigure] = {}
    for one in figures.values():
        if one.get("bound"):
            said = {name: one[name] for name in ("code", "clause", "heading", "setting", "figure", "bound")}
            found.setdefault(one["code"], FrozenFigure(**said))
    return list(found.values())


def binding_versions(*, now: datetime) -> Mapping[str, datetime | None]:
    """Every version that binds somebody at ``now``, with the moment at which a later one takes its place.

    A version binds the site as soon as it is announced, though its users may be bound later; the one before it binds
    until the new one binds everybody, and again when that is withdrawn. So does each language by itself: a translation
    promises as much. One query, over as many rows as there are versions, without their texts.
    """
    rows = PolicyVersion.objects.without_text().select_related("withdrawal")
    told = [row for row in rows.order_by("document_id", "language", "-number") if _stands(row, now)]
    found: dict[str, datetime | None] = {}
    for _, group in groupby(told, key=lambda row: (row.document_id, row.language)):
        until: datetime | None = None
        for row in group:
            if until is not None and until <= now:
                break
            found[row.pk] = until
            ends = binds_everybody_from(row)
            until = ends if until is None else min(until, ends)
    return found


def _stands(row: PolicyVersion, now: datetime) -> bool:
    told = (row.announced_at or row.published_at) <= now
    return told and (row.withdrawn_at is None or row.withdrawn_at > now)


def misplaced(keys: Iterable[str]) -> list[str]:
    """Those of these versions whose figures are not written down as they were published: somebody changed the rows."""
    rows: dict[str, set[FrozenFigure]] = {}
    for row in FrozenBound.objects.filter(version__in=list(keys)):
        said = FrozenFigure(row.code, row.clause, row.heading, row.setting, row.figure, row.bound)
        rows.setdefault(row.version, set()).add(said)
    versions = PolicyVersion.objects.filter(pk__in=list(keys)).only("figures")
    return sorted(one.pk for one in versions if set(promised_in(one.figures)) != rows.get(one.pk, set()))


def version_in_force(*, now: datetime) -> str | None:
    """The key of the privacy policy in force, in the site's first language that it stands in."""
    row = current(PRIVACY, (), now)
    return row.pk if row else None


providers.add(BINDING_VERSIONS, binding_versions)
providers.add(VERSION_IN_FORCE, version_in_force)
