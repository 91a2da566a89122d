"""What a version binds on the site: the figures frozen in its text, for as long as it binds anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby

from privacy.core.registries import providers
from privacy.policies.binding import binds_everybody_from, binds_somebody_from
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
    """Every version whose figures bind the site at ``now``, and the moment at which a later one takes its place.

    A version binds the site as soon as it is announced, though its users may be bound later; the one before it binds
    until the new one binds everybody, and again when that is withdrawn. A withdrawal is no shorter way to a weaker
    figure: what was withdrawn when it may have bound somebody binds the site until a later version binds everybody.
    So does each language by itself: a translation promises as much. One query, over as many rows as there are versions,
    without their texts.
    """
    rows = PolicyVersion.objects.without_text().select_related("withdrawal")
    told = [row for row in rows.order_by("document_id", "language", "-number") if _told_at(row) <= now]
    found: dict[str, datetime | None] = {}
    for _, group in groupby(told, key=lambda row: (row.document_id, row.language)):
        later: list[PolicyVersion] = []
        for row in group:
            until, gone = _until(row, later, now), _gone_at(row, now)
            if (until is None or until > now) and (gone is None or binds_somebody_from(row) <= gone):
                found[row.pk] = until
            if gone is None and binds_everybody_from(row) <= now:
                break
            later.append(row)
    return found


def _until(row: PolicyVersion, later: Iterable[PolicyVersion], now: datetime) -> datetime | None:
    """When the first of the later versions takes the place of one; None while none is there that will.

    Of one that was withdrawn it is taken at the withdrawal or after it, by what stood at that moment: whatever became
    of that later, what was withdrawn does not come back.
    """
    gone = _gone_at(row, now)
    moments = []
    for other in later:
        ends, stood_until = binds_everybody_from(other), _gone_at(other, now)
        moment = max(ends, gone) if gone else ends
        if stood_until is None or (gone and stood_until > moment):
            moments.append(moment)
    return min(moments, default=None)


def _told_at(row: PolicyVersion) -> datetime:
    return row.announced_at or row.published_at


def _gone_at(row: PolicyVersion, now: datetime) -> datetime | None:
    """When a version was withdrawn; None while it stands."""
    return row.withdrawn_at if row.withdrawn_at is not None and row.withdrawn_at <= now else None


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
