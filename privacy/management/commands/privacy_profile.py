"""``privacy_profile FILE``: put a profile in force."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from privacy.core.commands import PrivacyCommand
from privacy.promises.services import LoadedProfile, load_profile


class Command(PrivacyCommand):
    help = "Load a profile: the site's facts, its promises and the figures that the other rooms go by."

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the profile, a TOML file")

    def act(self, *, now: datetime, **options: Any) -> LoadedProfile:
        return load_profile(path=options["file"], now=now, actor=self.actor)

    def tell(self, report: LoadedProfile) -> None:
        tables = ", ".join(report.tables) or "none"
        promises = "1 promise" if report.promises == 1 else f"{report.promises} promises"
        self.stdout.write(f"{report.name} ({report.site}): {promises}, tables: {tables}.")
        if report.replaced and report.replaced != report.site:
            self.stdout.write(f"It replaces the profile of {report.replaced}; the history of findings stays.")
