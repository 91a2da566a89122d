"""``privacy_nightly``: the night, from a shell or a cron line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from privacy.core.commands import DONE, FAILED, PrivacyCommand
from privacy.core.words import counts_words, number
from privacy.retention.queries import waiting_approval
from privacy.retention.services import (
    NightAlreadyRunning,
    NightReport,
    approve_night,
    pause_night,
    report_of,
    resume_night,
    run_night,
)


class Command(PrivacyCommand):
    help = "Run the night: close, expire, sweep, check. Missed nights are caught up in full."
    uses_date = True
    destroys = True

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would happen and destroy nothing")
        parser.add_argument("--step", metavar="S", help="run this step only")
        still = parser.add_mutually_exclusive_group()
        still.add_argument("--pause", action="store_true", help="let the night that is at work stop after its batch")
        still.add_argument("--resume", action="store_true", help="go on with the night that is paused")
        parser.add_argument("--confirm", action="store_true", help="approve the preview that waits, then run")

    def act(self, *, now: datetime, **options: Any) -> NightReport:
        if options["pause"]:
            return report_of(pause_night(now=now, actor=self.actor))
        if options["resume"]:
            # A site without a worker goes on right here; one that is at work still needs nobody.
            night = resume_night(now=now, actor=self.actor, tell=False)
            try:
                return run_night(now=now, actor=self.actor, run=night.pk)
            except NightAlreadyRunning:
                return report_of(night)
        if options["confirm"] and not options["dry_run"] and waiting_approval() is not None:
            approve_night(now=now, actor=self.actor)
        return run_night(now=now, actor=self.actor, dry_run=options["dry_run"], step=options["step"])

    def tell(self, report: NightReport) -> None:
        for step in report.steps:
            sums = {name: amount for name, amount in step.counts.items() if ":" not in name}
            self.stdout.write(f"{step.name:24} {step.status:10} {counts_words(sums, zeros=False)}")
            for name, amount in step.counts.items():
                if name not in sums:
                    self.stdout.write(f"{'':35} {number(amount)} {name}")
            if step.error:
                self.stdout.write(f"{'':35} {step.error}")
        self.stdout.write(f"The night is {report.status.replace('_', ' ')}.")
        if report.status == "paused":
            self.stdout.write("It goes on with --resume, or with the button on its page; until then no other begins.")
        if report.status == "awaiting_approval":
            self.stdout.write("Look at what it would remove, then approve it in the admin or run this with --confirm.")

    def exit_code(self, report: NightReport) -> int:
        return FAILED if report.failed else DONE
