"""``privacy_policy FILE``: make a file the draft of a document, and say what keeps it from being published.

``privacy_policy --suggest`` writes wording for what this app itself keeps.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from privacy.core.commands import DONE, FOUND, WRONG_WORDS, PrivacyCommand
from privacy.policies.services import Imported, WrongDraft, import_text
from privacy.policies.site import site_of
from privacy.policies.suggesting import Suggested, suggested
from privacy.promises.profiles import read_profile


class Command(PrivacyCommand):
    help = "Import a text, Markdown or HTML as the draft of a document, and list what keeps it from being published."

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, nargs="?", help="the text, in UTF-8")
        parser.add_argument(
            "--suggest",
            action="store_true",
            help="write wording for what this app itself keeps, in English or German, instead of importing a text",
        )
        parser.add_argument(
            "--document", default="privacy", metavar="CODE", help="privacy (the default), terms, cookies, …"
        )
        parser.add_argument("--language", default="en", metavar="CODE", help="the text's language; en by default")
        parser.add_argument(
            "--profile",
            type=Path,
            metavar="FILE",
            help="take names and figures from this profile, though another one is in force, until it is published",
        )
        parser.add_argument("--form", default="", choices=("text", "markdown", "html"), help="guessed without it")
        parser.add_argument("--title", default="", help="the title; without it, what the document is called")
        parser.add_argument("--note", default="", help="what changed, in a sentence for readers")
        parser.add_argument("--revised", type=date.fromisoformat, metavar="DATE", help="the date to print, 2026-03-31")

    def act(self, *, now: datetime, **options: Any) -> Imported | Suggested:
        if options["suggest"] == bool(options["file"]):
            raise CommandError("Name the file of a text, or --suggest.", returncode=WRONG_WORDS)
        if options["suggest"]:
            return suggested(language=options["language"])
        path, profile = options["file"], options["profile"]
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise WrongDraft(
                field="file",
                problem=f"it cannot be read ({error.strerror})",
                mend="Name a file that this process may read",
            ) from error
        return import_text(
            raw=raw,
            name=path.name,
            document=options["document"],
            language=options["language"],
            form=options["form"],
            title=options["title"],
            revised_on=options["revised"],
            note=options["note"],
            site=site_of(read_profile(profile)) if profile else None,
            now=now,
            actor=self.actor,
        )

    def tell(self, report: Imported | Suggested) -> None:
        if isinstance(report, Suggested):
            self.stdout.write(report.markdown())
            return
        self.stdout.write(f"{report.document}: the draft of version {report.version} is kept. SHA-256 {report.sha256}")
        for fault in report.faults:
            self.stdout.write(f"line {fault.line}: {fault.code}: {fault.text}. {fault.mend}.")
        to_mend = f"{len(report.faults)} faults to mend."
        self.stdout.write("Its text may be published." if report.publishable else to_mend)

    def exit_code(self, report: Imported | Suggested) -> int:
        return DONE if isinstance(report, Suggested) or report.publishable else FOUND
