"""``privacy_dispatch``: one run of the outbox, for a site without a Celery worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from privacy.core.commands import DONE, FAILED, PrivacyCommand
from privacy.core.words import counts_words
from privacy.messages.services import OutboxReport, run_outbox


class Command(PrivacyCommand):
    help = "Send what waits in the outbox, and end: for cron, every minute. Where Celery runs nobody has to call it."

    def act(self, *, now: datetime, **options: Any) -> OutboxReport:
        return run_outbox(now=now, actor=self.actor)

    def exit_code(self, report: OutboxReport) -> int:
        return FAILED if report.errors else DONE

    def tell(self, report: OutboxReport) -> None:
        done = {"recipients_gathered": report.gathered, **report.counts, "mailings_finished": report.finished}
        if any(done.values()):
            self.stdout.write(counts_words(done, zeros=False))
        elif not report.errors:
            self.stdout.write("Nothing was due.")
        for error in report.errors:
            self.stdout.write(self.style.ERROR(error))
