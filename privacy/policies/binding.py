"""Which version binds whom now. Every question here takes the same number of queries for any number of accounts.

A document binds in one language, the one in which it stood first; the others are translations, shown with the same
rule. Of languages published on one day the site's first one binds. A version that was withdrawn binds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from privacy.core.conf import settings
from privacy.policies.clocks import Effect, binds_from
from privacy.policies.models import PolicyNotice, PolicyVersion
from privacy.policies.rules import Told
from privacy.promises.queries import facts


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds one account of one document.

    Attributes:
        version: that binds now; None before the first one does.
        since: from when; None with it.
        coming: the newest version that does not bind yet, and has been told.
        coming_from: from when that one binds, as far as is known now: a mail that is still to go may bring it forward.
    """

    version: PolicyVersion | None
    since: datetime | None
    coming: PolicyVersion | None = None
    coming_from: datetime | None = None


def binds_everybody_from(version: PolicyVersion) -> datetime:
    """From when a version binds every account, in UTC: nobody is left out who got no mail, or whose mail went late."""
    return binds_from(Effect.read(version.effect), posted_at=version.published_at)


def shown_from(version: PolicyVersion) -> datetime:
    """From when the page shows a version as the one in force: as soon as it would bind whoever signs up, in UTC."""
    effect = Effect.read(version.effect)
    return binds_from(effect, posted_at=version.published_at, joined_at=version.published_at)


def binds_somebody_from(version: PolicyVersion) -> datetime:
    """From when a version can bind anybody at the soonest, in UTC: whoever signs up, or is told by its first mail."""
    effect = Effect.read(version.effect)
    mailed_at = (version.announced_at or version.published_at) if Told.EMAIL in effect.channels else None
    return min(shown_from(version), binds_from(effect, posted_at=version.published_at, dispatched_at=mailed_at))


def versions_binding(*, user_key: str = "", joined_at: datetime | None = None, now: datetime) -> dict[str, Binding]:
    """What binds one account now, by document. Three queries; rows: the versions, without their texts, and the notices
    that this account got.

    Args:
        user_key: ``str(pk)`` of the account; empty asks for a visitor, who would sign up now.
        joined_at: when the account was made; nothing where the site does not know, and it counts as an old one.
    """
    told = _dispatched(user_key)
    joined = joined_at if user_key else now
    rows = PolicyVersion.objects.standing().without_text().select_related("document")
    foremost = leading(rows.order_by("document_id", "language", "-number"), now)
    return {document: _binding(versions, told, joined, now) for document, versions in foremost.items()}


def untold_by_banner(
    *, user_key: str, joined_at: datetime | None, now: datetime
) -> list[tuple[PolicyVersion, datetime]]:
    """Versions that a signed-in member has not put the banner away for, and from when each binds them.

    The newest of each document alone, where its channels name the banner, and the account is older than it. Three
    queries.
    """
    notices = PolicyNotice.objects.of(user_key)
    told = {version: (at, seen) for version, at, seen in notices.values_list("version_id", "dispatched_at", "seen_at")}
    rows = PolicyVersion.objects.standing().without_text().select_related("document")
    found = []
    for versions in leading(rows.order_by("document_id", "language", "-number"), now).values():
        newest = next((one for one in versions if one.published_at <= now or one.pk in told), None)
        if newest is None or Told.BANNER not in Effect.read(newest.effect).channels:
            continue
        dispatched, seen = told.get(newest.pk, (None, None))
        if seen is None and (joined_at is None or joined_at < newest.published_at):
            found.append((newest, _moment(newest, dispatched, joined_at)))
    return found


def leading_language(document: str, now: datetime) -> str:
    """The language in which a document binds; empty where nothing of it stands. Two queries."""
    rows = PolicyVersion.objects.of(document).standing().without_text()
    found = leading(rows.order_by("document_id", "language", "-number"), now).get(document)
    return found[0].language if found else ""


def changes_at_work(now: datetime, *, translations: bool = True) -> Iterator[tuple[PolicyVersion, Effect]]:
    """The versions that changed something, in every language, from the newest that binds everybody on.

    One query, and one more where ``translations`` are left out.
    """
    rows = PolicyVersion.objects.standing().without_text().order_by("document_id", "language", "-number")
    series = _in_series(rows) if translations else leading(rows, now).values()
    for versions in series:
        for version in versions[:-1]:  # the last of them is the first that was published
            yield version, Effect.read(version.effect)
            if binds_everybody_from(version) <= now:
                break


def leading(rows: Iterable[PolicyVersion], now: datetime) -> dict[str, list[PolicyVersion]]:
    """The versions of each document in the language that binds, the newest first."""
    preferred = facts().languages

    def order(versions: list[PolicyVersion]) -> tuple[bool, date, int, str]:
        first = min(row.published_at for row in versions)
        language = versions[0].language
        rank = preferred.index(language) if language in preferred else len(preferred)
        return first > now, first.astimezone(settings.calendar.zone).date(), rank, language

    found = groupby(_in_series(rows), key=lambda versions: versions[0].document_id)
    return {document: min(series, key=order) for document, series in found}


def _in_series(rows: Iterable[PolicyVersion]) -> Iterator[list[PolicyVersion]]:
    """The versions of each document in each language; ``rows`` come in that order, the newest first."""
    for _, versions in groupby(rows, key=lambda row: (row.document_id, row.language)):
        yield list(versions)


def _dispatched(user_key: str) -> dict[str, datetime | None]:
    if not user_key:
        return {}
    return dict(PolicyNotice.objects.of(user_key).dispatched().values_list("version_id", "dispatched_at"))


def _binding(
    versions: list[PolicyVersion], told: dict[str, datetime | None], joined_at: datetime | None, now: datetime
) -> Binding:
    coming: tuple[PolicyVersion, datetime] | None = None
    for version in versions:
        dispatched = told.get(version.pk)
        moment = _moment(version, dispatched, joined_at)
        if moment <= now:
            return Binding(version, moment, *(coming or ()))
        if coming is None and (version.published_at <= now or dispatched is not None):
            coming = version, moment
    return Binding(None, None, *(coming or ()))


def _moment(version: PolicyVersion, dispatched_at: datetime | None, joined_at: datetime | None) -> datetime:
    return binds_from(
        Effect.read(version.effect),
        posted_at=version.published_at,
        dispatched_at=dispatched_at,
        joined_at=joined_at,
    )
