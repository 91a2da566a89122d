"""``privacy_replay``: apply the journal to a restored database, and let the site be served again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from privacy.core.commands import DONE, FAILED, FOUND, PrivacyCommand
from privacy.core.words import counts_words
from privacy.disposal.journal.replaying import ReplayReport, replay


class Command(PrivacyCommand):
    help = "After a restore: apply again what happened since the backup; the site answers 503 until then."
    uses_date = True
    destroys = True

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--leave-out-unreadable",
            action="store_true",
            help="go on although lines of the journal were altered or their pseudonym key is gone",
        )

    def act(self, *, now: datetime, **options: Any) -> ReplayReport:
        return replay(now=now, actor=self.actor, leave_out_unreadable=options["leave_out_unreadable"])

    def exit_code(self, report: ReplayReport) -> int:
        if report.errors or not report.open:
            return FAILED
        return FOUND if any(found.get("undecided") for found in report.kinds.values()) else DONE

    def tell(self, report: ReplayReport) -> None:
        said = counts_words({"lines": report.lines, "cut": report.cut, "left out": report.left_out})
        self.stdout.write(f"The journal was read: {said}.")
        if not report.restored:
            self.stdout.write("No restore was noticed; what the journal tells was applied all the same.")
        for kind, found in report.kinds.items():
            self.stdout.write(f"{kind}: {counts_words(found) or 'nothing'}")
            if found.get("undecided"):
                self.stdout.write(
                    self.style.WARNING(
                        "Some accounts were being erased when the database was lost, and nobody knows how far it went. "
                        "They are locked out: run or take back each under Closures in the admin."
                    )
                )
        if report.lost_seals:
            first, last = report.lost_seals
            self.stdout.write(f"The restore took seals {first} to {last} of the evidence; an entry records it.")
        for kind, why in report.errors.items():
            self.stdout.write(self.style.ERROR(f"{kind}: {why}"))
        if report.open:
            self.stdout.write(self.style.SUCCESS("The site is open."))
        else:
            self.stdout.write(self.style.ERROR("The site still answers 503. Mend what failed and run this again."))
