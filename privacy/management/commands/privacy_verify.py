"""``privacy_verify``: does the evidence still stand as it was sealed?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from privacy.core.commands import DONE, FOUND, WRONG_WORDS, PrivacyCommand
from privacy.core.words import counts_words
from privacy.evidence.checking import Checked, check_evidence
from privacy.evidence.keys import NewKey, make_key


class Command(PrivacyCommand):
    help = "Verify every seal of the evidence and every entry under it; exits with 3 when something was tampered with."

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("--export", metavar="FILE", help="write the seals into FILE, to be kept elsewhere")
        parser.add_argument(
            "--entries", action="store_true", help="with --export: the entries too, for the stand-alone verifier"
        )
        parser.add_argument("--against", metavar="FILE", help="an earlier export that must still be contained")
        parser.add_argument("--new-key", metavar="FILE", help="only make a key to sign seals with, in a new FILE")

    def act(self, *, now: datetime, **options: Any) -> Checked | NewKey:
        new_key, export, against = (options[word] and Path(options[word]) for word in ("new_key", "export", "against"))
        if (options["entries"] and not export) or (new_key and (export or against)):
            raise CommandError("--entries goes with --export, and --new-key stands alone.", returncode=WRONG_WORDS)
        if new_key:
            return make_key(path=new_key)
        return check_evidence(now=now, against=against, export=export, with_entries=options["entries"])

    def exit_code(self, report: Checked | NewKey) -> int:
        return FOUND if isinstance(report, Checked) and not report.verification.intact else DONE

    def tell(self, report: Checked | NewKey) -> None:
        if isinstance(report, NewKey):
            self.stdout.write(f"Key {report.key} is in {report.file}. Its public half:\n\n{report.public}")
            return
        seen = report.verification
        seals, sealed = counts_words({"seals": seen.seals}), counts_words({"entries": seen.sealed})
        self.stdout.write(f"{seals} over {sealed}; {counts_words({'entries': seen.unsealed})} waiting for the next.")
        if seen.unsigned:
            self.stdout.write(self.style.WARNING(f"Not signed: {counts_words({'seals': seen.unsigned})}."))
        for one in seen.findings:
            about = ", ".join(
                f"{word} {number}" for word, number in (("seal", one.seal), ("entry", one.entry)) if number is not None
            )
            self.stdout.write(f"{self.style.ERROR(one.what)}  {about}: {one.why}")
        if seen.found > len(seen.findings):
            self.stdout.write(f"… and {seen.found - len(seen.findings)} more.")
        if report.not_exported:
            self.stdout.write(self.style.WARNING(report.not_exported))
        verdict = f"The evidence was tampered with. Findings: {seen.found}." if seen.found else "Nothing was altered."
        self.stdout.write((self.style.ERROR if seen.found else self.style.SUCCESS)(verdict))
