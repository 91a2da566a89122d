"""The night as rows: each step on its own, resumable, and none able to stop the others.

Nothing here runs inside one large transaction. A step commits what it does; what is done stays done when
the process dies, and the next call goes on with the rest.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.readonly import read_only
from privacy.core.registries import NightContext, NightStep, StepReport, night_steps
from privacy.core.registry import Registry
from privacy.disposal.journal.restores import notice, require_whole
from privacy.evidence.services import record
from privacy.retention import careful, mail
from privacy.retention.claiming import NightAlreadyRunning, claim
from privacy.retention.models import NightRun, NightStepRun
from privacy.retention.pulse import Pulse
from privacy.retention.querysets import NightRunQuerySet, NightStepRunQuerySet
from privacy.retention.reconnecting import mend_connections
from privacy.retention.reports import NightReport, figures_of, report_of

logger = logging.getLogger(__name__)

_Status = NightRun.Status
_StepStatus = NightStepRun.Status


class NightBrokeOff(PrivacyError):
    """The night could not even write down how it went: its database is down, or has no room left."""

    def __init__(self, what: str) -> None:
        super().__init__(
            field="night",
            problem=f"the night broke off ({what})",
            mend="See that the database answers and its disk has room; the next night goes on where this one stopped",
        )


class _TakenOver(BaseException):
    """Another process took this night for crashed and goes on with it. No step may catch this and carry on."""


class _Paused(BaseException):
    """A person wants the night to stand still. What is in an open transaction is undone, and done again later."""


def run_night(
    *,
    now: datetime,
    actor: Actor,
    dry_run: bool = False,
    step: str | None = None,
    run: UUID | None = None,
    message_id: str = "",
) -> NightReport:
    """Carry the night out, or go on with one that crashed.

    A night is as of ``now``: it removes whatever is over, however many nights were missed. A night that
    waits for a worker (the admin's button) is taken up. Destroying steps are only previewed until a person
    confirmed them when the night is the first one, follows a changed take-over rule, or is a large one.

    Args:
        dry_run: count and destroy nothing.
        step: run this step only.
        run: take up this waiting night; one that began already is only reported.
        message_id: the task message that brought it; a second delivery is only reported.

    Raises:
        NightAlreadyRunning: another process is at it.
        NightBrokeOff: the night's own rows could not be read or written; the admins are told by mail.
        NightPaused: a person stopped a night, and nobody let it go on.
        NotRegistered: no step has that name; the error lists those there are.
        SiteRestored: the database was restored, and the journal waits to be applied again.
    """
    try:
        return _begin_or_go_on(now, actor, dry_run, step, run, message_id)
    except PrivacyError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its message may quote a row and is not passed on
        what = safe_words(error)
        logger.error("The night broke off: %s", what)
        mail.tell_broken_off(now=now, what=what)
        raise NightBrokeOff(what) from None


def _begin_or_go_on(
    now: datetime, actor: Actor, dry_run: bool, step: str | None, run: UUID | None, message_id: str
) -> NightReport:
    notice(now)
    require_whole()
    only = night_steps.get(step).name if step else ""
    found = NightRun.objects.filter(pk=run).first() if run else None
    if message_id and found is None:
        found = NightRun.objects.filter(message_id=message_id).first()
    if found is not None and found.status not in (_Status.PENDING, _Status.RUNNING):
        return report_of(found)
    night = _Night(claim(now, actor, dry_run, only, message_id), now, actor)
    try:
        with night.pulse:
            return night.carry_out()
    except _Paused:
        return night.pause()
    except _TakenOver:
        raise NightAlreadyRunning from None
    except BaseException:
        night.let_go()
        raise


class _Night:
    """One attempt at one run. ``now`` stays; durations are measured from the attempt's begin."""

    def __init__(self, run: NightRun, now: datetime, actor: Actor) -> None:
        self.run, self.now, self.actor = run, now, actor
        self._begun = time.monotonic()
        #: Destroying steps that this attempt must not run: nobody knows or approved what they would take.
        self._refused: set[str] = set()
        self.pulse = Pulse(self._mine, lambda: self.clock)

    @property
    def clock(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self._begun)

    def carry_out(self) -> NightReport:
        decided = self.run.dry_run
        for row in self._rows():
            if row.destroys and not decided and row.status not in (_StepStatus.DONE, _StepStatus.PREVIEWED):
                decided = True
                self._decide_safely()
                row.refresh_from_db()
            if row.status not in (_StepStatus.DONE, _StepStatus.PREVIEWED) and row.name not in self._refused:
                self._step(row)
        return self._finish()

    def let_go(self) -> None:
        """The attempt ends early: the next call need not wait until the heartbeat is stale."""
        with suppress(Exception):  # the database itself may be what failed
            self._mine().update(heartbeat=None)

    def pause(self) -> NightReport:
        """Stand still where the last batch ended; the row says so, and nobody holds it any more."""
        self._mine().update(status=_Status.PAUSED, heartbeat=self.clock)
        self.run.refresh_from_db()
        return report_of(self.run)

    def _mine(self) -> NightRunQuerySet:
        """The run's row, as long as no other attempt took it over."""
        runs: NightRunQuerySet = NightRun.objects.filter(pk=self.run.pk, status=_Status.RUNNING)
        return runs.filter(process=self.run.process, as_of=self.now)

    def _rows(self) -> Iterable[NightStepRun]:
        """The steps of this run. A step that came with a new release between two attempts joins in."""
        wanted = [step for step in _in_order(night_steps) if self.run.only in ("", step.name)]
        known = {row.name: row for row in self.run.steps.all()}
        NightStepRun.objects.bulk_create(
            NightStepRun(run=self.run, name=step.name, order=step.order, title=str(step.title), destroys=step.destroys)
            for step in wanted
            if step.name not in known
        )
        for row in list(self.run.steps.in_order()):
            row.refresh_from_db()
            yield row

    def _decide_safely(self) -> None:
        try:
            self._decide()
        except Exception as error:  # noqa: BLE001 - a step is site code too: whatever it raises is its own failure
            # Undecided is not allowed: nothing is destroyed, and the other steps still run.
            what = safe_words(error)
            logger.error("The night could not decide whether it may destroy: %s", what)
            mend_connections()
            self._refused.update(self._undecided().values_list("name", flat=True))
            self._undecided().update(status=_StepStatus.FAILED, error=what, finished_at=self.clock)

    def _undecided(self) -> NightStepRunQuerySet:
        rows: NightStepRunQuerySet = self.run.steps.filter(destroys=True)
        return rows.exclude(status__in=(_StepStatus.DONE, _StepStatus.PREVIEWED))

    def _decide(self) -> None:
        """Before the first destroying step: count what all of them would do, and ask where a person must say so.

        A step that cannot even be counted is not run: nobody would know how much it takes.
        """
        rows = self._undecided()
        counted: dict[str, StepReport] = {}
        for row in rows.in_order():
            report, raised = self._call(row, dry_run=True)
            if raised:
                self._refused.add(row.name)
                self._close(row, report, _StepStatus.FAILED)
            else:
                counted[row.name] = report
        preview = careful.preview_of({name: report.counts for name, report in counted.items()})
        reasons = careful.reasons_to_ask(preview)
        if not reasons:
            return
        careful.ask(reasons=reasons, preview=preview, run=self.run, now=self.now, actor=self.actor)
        self._refused.update(counted)
        for row in rows.filter(name__in=counted):
            report = counted[row.name]
            self._close(row, report, _StepStatus.FAILED if report.error else _StepStatus.PREVIEWED)

    def _step(self, row: NightStepRun) -> None:
        require_whole()  # a restore may begin in the middle of a night
        self._beat()
        row.status, row.started_at, row.finished_at, row.error = _StepStatus.RUNNING, self.clock, None, ""
        row.attempts += 1
        row.save(update_fields=["status", "started_at", "finished_at", "error", "attempts"])
        report, _raised = self._call(row, dry_run=self.run.dry_run)
        well = _StepStatus.PREVIEWED if self.run.dry_run and row.destroys else _StepStatus.DONE
        self._close(row, report, _StepStatus.FAILED if report.error else well)

    def _call(self, row: NightStepRun, *, dry_run: bool) -> tuple[StepReport, bool]:
        """What the step reports, and whether it broke off instead."""
        step = night_steps.find(row.name)
        if step is None:
            return StepReport(error="this step is no longer part of the app"), True
        context = NightContext(
            now=self.now,
            horizon=self.run.horizon,
            run=self.run.pk,
            dry_run=dry_run,
            actor=self.actor,
            progress=_silent if dry_run else self._progress(row),
            cursor={} if dry_run else dict(row.cursor),
        )
        try:
            if dry_run and step.destroys:
                # A preview that writes is a preview that destroys: the database refuses it.
                with read_only():
                    return step.run(context), False
            return step.run(context), False
        except Exception as error:  # noqa: BLE001 - a step is site code too: whatever it raises is its own failure
            what = safe_words(error)
            logger.error("Step %s of the night failed: %s", row.name, what)
            mend_connections()
            return StepReport(dict(NightStepRun.objects.get(pk=row.pk).counts), what), True

    def _progress(self, row: NightStepRun) -> Callable[..., None]:
        def progress(counts: Mapping[str, int], cursor: Mapping[str, Any] | None = None) -> None:
            row.counts = dict(counts)
            fields = {"counts": row.counts}
            if cursor is not None:
                row.cursor = fields["cursor"] = dict(cursor)
            self._beat()
            NightStepRun.objects.filter(pk=row.pk).update(**fields)

        return progress

    def _beat(self) -> None:
        """A sign of life, before anything more is destroyed.

        Raises:
            _Paused: a person wants the night to stand still.
            _TakenOver: another attempt is at it.
        """
        self.pulse.worked()
        if not self._mine().filter(pause_asked_at=None).update(heartbeat=self.clock):
            raise _Paused if self._mine().exists() else _TakenOver

    def _hold(self, **values: Any) -> None:
        """A sign of life with which something is entered that a pause must not lose.

        Raises:
            _TakenOver: another attempt is at it.
        """
        if not self._mine().update(heartbeat=self.clock, **values):
            raise _TakenOver

    def _close(self, row: NightStepRun, report: StepReport, status: str) -> None:
        self._hold()
        row.status, row.counts, row.error = status, dict(report.counts), report.error
        row.started_at, row.finished_at = row.started_at or self.clock, self.clock
        row.save(update_fields=["status", "counts", "error", "started_at", "finished_at"])

    def _finish(self) -> NightReport:
        statuses = set(self.run.steps.values_list("status", flat=True))
        if _StepStatus.FAILED in statuses:
            self.run.status = _Status.FAILED
        elif self.run.dry_run:
            self.run.status = _Status.PREVIEW
        else:
            self.run.status = _Status.AWAITING_APPROVAL if _StepStatus.PREVIEWED in statuses else _Status.DONE
        self.run.finished_at = self.clock
        self._hold(status=self.run.status, finished_at=self.run.finished_at, pause_asked_at=None)
        report = report_of(self.run)
        if not self.run.dry_run:
            self._tell(report)
        return report

    def _tell(self, report: NightReport) -> None:
        """Evidence and mail come last: the night is over, and neither may change how it ended."""
        notes = []
        try:
            careful.carried_out(self.run)
            record(
                act="retention.night", now=self.now, actor=self.actor, label=self.run.status, counts=figures_of(report)
            )
        except Exception as error:  # noqa: BLE001 - a step is site code too: whatever it raises is its own failure
            logger.error("The night could not be entered in the evidence: %s", safe_words(error))
            notes.append(_("The night could not be entered in the evidence."))
            mend_connections()
        if not mail.tell_admins(run=self.run, report=report):
            notes.append(_("The mail to the site's admins could not be sent."))
        if notes:
            NightRun.objects.filter(pk=self.run.pk).update(note=" ".join(notes))


def safe_words(error: Exception) -> str:
    """What may be written down of an error: our own words, else its class and the place in the code.

    The message of any other exception may quote a row, as a database does of a refused key.
    """
    if isinstance(error, PrivacyError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _silent(counts: Mapping[str, int], cursor: Mapping[str, Any] | None = None) -> None:
    """A preview keeps no progress."""


def _in_order(steps: Registry[NightStep]) -> list[NightStep]:
    return sorted(steps, key=lambda step: (step.order, step.name))
