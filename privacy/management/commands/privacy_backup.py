"""``privacy_backup``: take a dump through django-dbbackup and register it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from privacy.backups.services import TakeReport, take
from privacy.core.commands import PrivacyCommand


class Command(PrivacyCommand):
    help = "Dump the databases into the storage of backups and register the files."

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("--compress", action="store_true", help="gzip the dumps")
        parser.add_argument("--encrypt", action="store_true", help="encrypt them for DBBACKUP_GPG_RECIPIENT")

    def act(self, *, now: datetime, **options: Any) -> TakeReport:
        return take(now=now, actor=self.actor, compress=options["compress"], encrypt=options["encrypt"])

    def tell(self, report: TakeReport) -> None:
        for file in report.files:
            flags = [word for word, is_set in (("gzip", file.compressed), ("gpg", file.encrypted)) if is_set]
            self.stdout.write(f"{file.name}: {file.size} bytes{', ' if flags else ''}{', '.join(flags)}")
