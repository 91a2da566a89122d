"""What the ledger's two screens show: the figures of ``queries``, in the words and shapes of the design system."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from privacy.core.charts import Chart, Day, history
from privacy.core.periods import InvalidPeriod
from privacy.core.registries import Status
from privacy.core.words import period_words
from privacy.promises import queries
from privacy.promises.facts import Facts
from privacy.promises.ledger import WORST_FIRST, Ledger, LedgerRow
from privacy.promises.models import Promise, PromiseRun

_TONES = {Status.BROKEN: "bad", Status.CANNOT_TELL: "warn", Status.KEPT: "good", Status.NOT_PROMISED: "quiet"}


def ledger_screen(now: datetime) -> dict[str, Any]:
    """Tiles, groups (broken first) and the chart of the latest ledger, with the versions that bind at ``now``."""
    ledger = _with_versions(queries.ledger(), now)
    return {
        "ledger": ledger,
        "site": queries.site(),
        "promised": Promise.objects.count(),
        "tiles": [_tile(status, ledger) for status in WORST_FIRST],
        "urgent": _groups(ledger, Status.BROKEN, Status.CANNOT_TELL),
        "rest": _groups(ledger, Status.KEPT, Status.NOT_PROMISED),
        "facts": _said_about_the_site(queries.facts()),
        "chart": _trend(queries.trend(limit=200)),
    }


def promise_screen(code: str, now: datetime) -> dict[str, Any]:
    """One promise, its changes of status and its latest findings, with the versions that bind at ``now``."""
    moments = queries.history(code)
    changes = [
        moment
        for moment, before in zip_longest(moments, moments[1:])
        if before is None or before.status != moment.status
    ]
    return {
        "promise": Promise.objects.filter(code=code).first(),
        "row": next((_shown(row) for row in _with_versions(queries.ledger(), now).rows if row.code == code), None),
        "changes": changes,
        "moments": moments[:60],
    }


def _with_versions(ledger: Ledger, now: datetime) -> Ledger:
    """A ledger that was saved tells of no version: which one binds is a question of the moment."""
    said = queries.said_by(now=now)
    rows = tuple(replace(row, versions=tuple(said.get(row.code, ()))) for row in ledger.rows)
    return replace(ledger, rows=rows, version=queries.version_in_force(now=now))


def _tile(status: Status, ledger: Ledger) -> dict[str, Any]:
    words = {
        Status.BROKEN: (_("Broken"), _("the site does not do what it said")),
        Status.CANNOT_TELL: (_("Cannot tell"), _("a record is missing, or there is no data yet")),
        Status.KEPT: (_("Kept"), _("checked against the live site")),
        Status.NOT_PROMISED: (_("Not promised"), _("could be checked, but the text is silent")),
    }
    count = ledger.counts[status]
    label, note = words[status]
    return {
        "label": label,
        "value": count,
        "note": note,
        "tone": _TONES[status] if count else "quiet",
        "url": f"#{status.value}" if count else "",
    }


def _groups(ledger: Ledger, *statuses: Status) -> list[dict[str, Any]]:
    return [_group(status, ledger) for status in statuses if ledger.counts[status]]


def _group(status: Status, ledger: Ledger) -> dict[str, Any]:
    titles = {
        Status.BROKEN: _("Broken: act on these first"),
        Status.CANNOT_TELL: _("Cannot tell"),
        Status.KEPT: _("Kept"),
        Status.NOT_PROMISED: _("Not promised"),
    }
    rows = [_shown(row) for row in ledger.rows if row.status == status]
    return {"id": status.value, "title": titles[status], "rows": rows, "folded": status == Status.NOT_PROMISED}


def _said_about_the_site(facts: Facts) -> list[tuple[str, str]]:
    """The profile's facts as term and description, without those it leaves out."""
    officer = (facts.officer.name, facts.officer.email, *facts.officer.postal_address)
    lines = [
        (_("Names"), facts.names),
        (_("Trade register"), (facts.register_number,)),
        (_("Postal address"), facts.postal_address),
        (_("Contact"), (facts.contact_name, *facts.contacts.values())),
        (_("Data protection officer"), officer),
        (_("Authority for complaints"), (facts.authority.name, facts.authority.link)),
        (_("Role for its own data"), (facts.roles.get("own", ""),)),
        (_("Role for clients' data"), (facts.roles.get("client", ""),)),
        (_("Languages"), facts.languages),
    ]
    return [(term, ", ".join(filter(None, said))) for term, said in lines if any(said)]


def _shown(row: LedgerRow) -> dict[str, Any]:
    return {"row": row, "figure": _figure(row.figure)}


def _figure(figure: str) -> str:
    """A promised period in words; any other figure as the profile writes it."""
    try:
        return period_words(figure)
    except InvalidPeriod:
        return figure


def _trend(runs: list[PromiseRun]) -> Chart | None:
    """The last answer of each day in the site's zone; a single day is no history."""
    days = {timezone.localdate(run.checked_at): run for run in runs}
    latest = sorted(days.items())[-30:]
    if len(latest) < 2:
        return None
    return history(
        [Day(day, kept=run.kept, broken=run.broken, cannot_tell=run.cannot_tell) for day, run in latest],
        title=_("Promises over the last days"),
        key="ledger",
    )
