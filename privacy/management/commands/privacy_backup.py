"""``privacy_backup``: take a dump and register it, register copies that lie elsewhere, or confirm their end."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from privacy.backups.services import (
    ConfirmReport,
    RegisterReport,
    TakeReport,
    confirm_destroyed,
    register_copies,
    take,
)
from privacy.core.commands import WRONG_WORDS, PrivacyCommand
from privacy.core.words import until_words

Report = TakeReport | RegisterReport | ConfirmReport


class Command(PrivacyCommand):
    help = (
        "Dump the databases into the storage of backups and register the files; or register the copies that a file "
        "declares, or confirm that one was destroyed."
    )

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("--compress", action="store_true", help="gzip the dumps")
        parser.add_argument("--encrypt", action="store_true", help="encrypt them for DBBACKUP_GPG_RECIPIENT")
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument(
            "--register", metavar="FILE", type=Path, help="take no dump; register the copies that this TOML declares"
        )
        instead.add_argument(
            "--destroyed", metavar="NAME", help="take no dump; confirm that this registered copy was destroyed"
        )

    def act(self, *, now: datetime, **options: Any) -> Report:
        path, name = options["register"], options["destroyed"]
        how = {"compress": options["compress"], "encrypt": options["encrypt"]}
        if (path, name) != (None, None) and any(how.values()):
            raise CommandError("--compress and --encrypt belong to a dump, and none is taken.", returncode=WRONG_WORDS)
        if path is not None:
            return register_copies(path=path, now=now, actor=self.actor)
        if name is not None:
            return confirm_destroyed(name=name, now=now, actor=self.actor)
        return take(now=now, actor=self.actor, **how)

    def tell(self, report: Report) -> None:
        if isinstance(report, RegisterReport):
            for copy in report.copies:
                end = until_words(copy.gone_by)
                rule = f"gone by {end}" if end else f"each kept for {copy.kept_for} at most"
                self.stdout.write(f"{copy.name} ({copy.kind}): {copy.state}, {rule}")
        elif isinstance(report, ConfirmReport):
            late = f", late: it had to be gone by {until_words(report.gone_by)}" if report.late else ""
            self.stdout.write(f"{report.name} ({report.kind}): destruction confirmed{late}")
        else:
            for file in report.files:
                flags = [word for word, is_set in (("gzip", file.compressed), ("gpg", file.encrypted)) if is_set]
                self.stdout.write(f"{file.name}: {file.size} bytes{', ' if flags else ''}{', '.join(flags)}")
