"""``privacy_hourly``: what cannot wait for the night, for a site without a Celery worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.core.commands import DONE, FAILED, PrivacyCommand
from privacy.core.hourly import run_hour
from privacy.core.words import counts_words


class Command(PrivacyCommand):
    help = "Run what cannot wait for the night: for cron, every hour. Where Celery runs nobody has to call it."

    def act(self, *, now: datetime, **options: Any) -> dict[str, dict[str, int] | str]:
        return run_hour(now=now, actor=self.actor)

    def exit_code(self, report: Mapping[str, dict[str, int] | str]) -> int:
        return FAILED if any(isinstance(said, str) for said in report.values()) else DONE

    def tell(self, report: Mapping[str, dict[str, int] | str]) -> None:
        for name, said in report.items():
            words = self.style.ERROR(said) if isinstance(said, str) else counts_words(said, zeros=False)
            self.stdout.write(f"{name}: {words}")
