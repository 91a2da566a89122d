"""Asks every live check about every promise. Nothing here writes, and no check can stop another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from privacy.core.readonly import read_only
from privacy.core.registries import CheckContext, Finding, LiveCheck, Promised, Status, live_checks
from privacy.promises.ledger import CHECK_SEPARATOR, WORST_FIRST, LedgerRow
from privacy.promises.models import Promise


def evaluate(promises: Iterable[Promise], *, now: datetime) -> tuple[LedgerRow, ...]:
    """One row a promise, then one for each registered check that no promise asks."""
    promises = list(promises)
    asked = {name for promise in promises for name in promise.checks}
    rows = [_row(promise, now) for promise in promises]
    rows += [_not_promised(check) for check in live_checks if check.name not in asked]
    return tuple(rows)


def _row(promise: Promise, now: datetime) -> LedgerRow:
    context = CheckContext(
        now=now,
        promise=Promised(
            code=promise.code,
            clause=promise.clause,
            says=promise.says,
            figure=promise.figure,
            bound=promise.bound,
            params=promise.params,
        ),
    )
    status, why = _worst([_ask(name, promise.needs, context) for name in promise.checks])
    return LedgerRow(
        code=promise.code,
        clause=promise.clause,
        says=promise.says,
        check=CHECK_SEPARATOR.join(promise.checks),
        status=status,
        figure=promise.figure,
        why=why,
    )


def _ask(name: str, needs: str, context: CheckContext) -> Finding:
    """The answer of one check; its failure is an answer too, and only the exception's class is told."""
    check = live_checks.find(name)
    if check is None and needs:
        return Finding.cannot_tell(
            _("This needs %(record)s, which this site does not keep yet (live check %(check)s).")
            % {"record": needs, "check": name}
        )
    if check is None:
        return Finding.cannot_tell(_("Nobody registers the live check %(check)s any more.") % {"check": name})
    try:
        with read_only():
            return check.run(context)
    except Exception as error:  # noqa: BLE001
        # any fault of a check is a finding: messages may quote personal data, so only the class is shown
        return Finding.cannot_tell(
            _("The live check %(check)s failed with %(error)s.") % {"check": name, "error": type(error).__name__}
        )


def _worst(findings: list[Finding]) -> tuple[Status, str]:
    """The worst status and the sentences of the findings that have it."""
    status = next(status for status in WORST_FIRST if any(finding.status == status for finding in findings))
    return status, " ".join(_sentence(finding) for finding in findings if finding.status == status)


def _sentence(finding: Finding) -> str:
    """What was found with its figure, begun and ended like a sentence."""
    why, figure = str(finding.why).strip().rstrip("."), str(finding.figure)
    if figure and figure not in why:
        why = f"{why} ({figure})"
    return f"{why[:1].upper()}{why[1:]}" + ("" if why.endswith(("!", "?", "…")) else ".")


def _not_promised(check: LiveCheck) -> LedgerRow:
    return LedgerRow(
        code=check.name,
        clause="",
        says=str(check.title),
        check=check.name,
        status=Status.NOT_PROMISED,
        figure="",
        why=_("The published text promises nothing that this check could hold the site to."),
    )
