"""The careful night: what must be seen and confirmed by a person before anything is destroyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.disposal.queries import take_over_fingerprint
from privacy.evidence.services import record
from privacy.retention.models import Approval, NightRun, NightStepRun

FIRST, TAKE_OVER, LARGE = "first", "take_over", "large"


class NothingToApprove(PrivacyError):
    """No night waits for a confirmation."""


class PlanChanged(PrivacyError):
    """A later night counted anew: what waits is not what the person saw."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the destroying steps of a night would do.

    Attributes:
        counts: by step name, as the step counted in its dry run.
        accounts: people who would be destroyed.
        total: accounts there are.
    """

    counts: Mapping[str, Mapping[str, int]]
    accounts: int
    total: int

    @property
    def share(self) -> float:
        return self.accounts / self.total if self.total else 0.0


def preview_of(counts: Mapping[str, Mapping[str, int]]) -> Preview:
    """Put what the steps counted in proportion to the accounts there are."""
    accounts = sum(found.get("accounts", 0) for found in counts.values())
    # Not a manager: a host's manager may hide closed accounts, which are accounts as well.
    return Preview(counts, accounts, QuerySet(graph.user_model()).count())


def reasons_to_ask(preview: Preview) -> tuple[str, ...]:
    """Why a person must confirm this night first; empty when it may go on.

    ``first``: no night was ever confirmed. ``take_over``: the rule that takes closed accounts over is not the
    one last confirmed. ``large``: more than ``LARGE_NIGHT_SHARE`` of all accounts would go, and nobody
    confirmed that many; a few more than were confirmed (up to the same share) need no second question.
    """
    latest = Approval.objects.given().order_by("-confirmed_at", "-pk").first()
    reasons = []
    if latest is None:
        reasons.append(FIRST)
    rule = take_over_fingerprint()
    if latest is not None and rule and rule != latest.fingerprint:
        reasons.append(TAKE_OVER)
    allowed = settings.large_night_share * preview.total
    unused = latest if latest is not None and latest.status == Approval.Status.CONFIRMED else None
    if preview.accounts > allowed + (unused.accounts if unused else 0):
        reasons.append(LARGE)
    return tuple(reasons)


def ask(*, reasons: Sequence[str], preview: Preview, run: NightRun, now: datetime, actor: Actor) -> Approval:
    """Write the question down; a question that is still open is brought up to date instead."""
    with transaction.atomic():
        approval = Approval.objects.waiting().select_for_update().first() or Approval(asked_at=now)
        is_new = approval.pk is None
        approval.reasons = list(reasons)
        approval.run = run
        approval.counts = {name: dict(found) for name, found in preview.counts.items()}
        approval.accounts, approval.total_accounts = preview.accounts, preview.total
        approval.fingerprint = take_over_fingerprint()
        approval.save()
        if is_new:
            counts = {"accounts": preview.accounts, "accounts in all": preview.total}
            record(act="retention.approval_asked", now=now, actor=actor, label=", ".join(reasons), counts=counts)
    return approval


def approve_night(*, now: datetime, actor: Actor, seen: str | None = None) -> Approval:
    """Confirm what the careful night would remove; the next night carries it out.

    Args:
        seen: ``Approval.plan`` of what the person was shown; None takes whatever waits.

    Raises:
        NothingToApprove: no question is open.
        PlanChanged: the open question is not the one that was shown.
    """
    with transaction.atomic():
        approval = Approval.objects.waiting().select_for_update().first()
        if approval is None:
            raise NothingToApprove(
                field="approval",
                problem="no night waits for an approval",
                mend="Run a night first and look at its preview",
            )
        if seen is not None and seen != approval.plan:
            raise PlanChanged(
                field="approval",
                problem="a night counted anew since you looked",
                mend="Look at what it would remove now, and approve that",
            )
        approval.status = Approval.Status.CONFIRMED
        approval.confirmed_at = now
        approval.save(update_fields=["status", "confirmed_at"])
        counts = {"accounts": approval.accounts, "accounts in all": approval.total_accounts}
        record(act="retention.night_approved", now=now, actor=actor, label=", ".join(approval.reasons), counts=counts)
    return approval


def carried_out(run: NightRun) -> None:
    """A confirmation is good for one night: used up once that night was let go at what it had to destroy.

    What failed then is little or is asked about again. A single step uses it up when it took accounts.
    """
    destroying = run.steps.filter(destroys=True)
    begun = [step for step in destroying if step.attempts]
    if not begun or any(step.status == NightStepRun.Status.PREVIEWED for step in destroying):
        return
    if not run.only or any(step.counts.get("accounts") for step in begun):
        Approval.objects.unused().update(status=Approval.Status.USED)
    if not run.only:
        Approval.objects.waiting().exclude(run=run).update(status=Approval.Status.OBSOLETE)
