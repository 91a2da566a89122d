"""Which models are declared, which are excluded, and which nobody has looked at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from privacy.core.commands import DONE, FOUND, PrivacyCommand
from privacy.datamap.queries import coverage_report
from privacy.datamap.suggest import suggest


class Command(PrivacyCommand):
    help = "Shows which models are declared; exits with 3 while one that leads to a person is not."

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--suggest", action="store_true", help="write the beginning of a privacy.py for what is undeclared"
        )
        parser.add_argument("--folder", type=Path, help="with --suggest: write one file an app there, replacing none")

    def act(self, *, now: datetime, **options: Any) -> Any:
        report: dict[str, Any] = coverage_report()
        if options["suggest"]:
            report["suggestions"] = suggest(folder=options["folder"])
        return report

    def tell(self, report: Any) -> None:
        open_models = len(report["undeclared"])
        if "suggestions" in report:
            if not open_models:
                self.stderr.write("Nothing is undeclared, so there is nothing to suggest.")
            for item in report["suggestions"]:
                self.stdout.write(f"# --- {item.written_to or item.app}\n{item.text}")
            return
        for item in report["excluded"]:
            self.stdout.write(f"excluded    {item['model']}  {item['reason']}")
        for item in report["declared"]:
            rows = "no table, so no" if item["rows"] is None else item["rows"]
            self.stdout.write(f"declared    {item['model']}  by {item['subject'] or 'its end'}  ({rows} rows)")
        for item in report["undeclared"]:
            self.stdout.write(self.style.ERROR(f"UNDECLARED  {item['model']}.{item['field']}  by {item['path']}"))
        if open_models:
            self.stdout.write(
                f"\n{open_models} undeclared: say whose data they hold in the app's privacy.py, or exclude them with a "
                "reason. --suggest writes a beginning."
            )
        else:
            self.stdout.write("\nNothing is undeclared.")

    def exit_code(self, report: Any) -> int:
        return FOUND if report["undeclared"] else DONE
