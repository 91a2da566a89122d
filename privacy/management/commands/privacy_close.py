"""Close one account from a shell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from privacy.core.commands import DONE, FAILED, PrivacyCommand
from privacy.core.periods import NO_END
from privacy.core.pseudonyms import pseudonym
from privacy.core.reports import jsonable
from privacy.disposal.models import Closure
from privacy.disposal.services import ClosureReport, Mandate, close_account, preview_account


class Command(PrivacyCommand):
    """``privacy_close USER [--dry-run] [--json] [--at ISO]``: exits 1 when something is left."""

    help = "Close an account: destroy or anonymise what is declared, and say what is kept and why."
    uses_date = True
    destroys = True

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("user", metavar="USER", help="the value the user signs in with, or pk:KEY")
        parser.add_argument("--dry-run", action="store_true", help="show what would happen and change nothing")

    def act(self, *, now: datetime, **options: Any) -> dict[str, Any]:
        user = self.find_user(options["user"])
        if options["dry_run"]:
            plan = preview_account(user=user, now=now)
            return {
                "subject": pseudonym("subject", str(user.pk)),
                "status": "preview",
                "steps": jsonable(plan.steps),
                "kept": jsonable(plan.kept),
                "holds": [
                    {**jsonable(fact), "categories": sorted(fact.categories), "key": None} for fact in plan.holds
                ],
                "errors": list(plan.blockers),
            }
        mandate = Mandate("staff", Closure.Channel.COMMAND, "staff")
        report = close_account(user=user, mandate=mandate, now=now, actor=self.actor)
        return {
            "subject": report.subject,
            "status": report.status,
            "steps": jsonable(report.steps),
            "kept": jsonable(report.kept),
            "errors": list(report.errors),
        } | _dates(report)

    def tell(self, report: Any) -> None:
        self.stdout.write(f"{report['subject']}: {report['status']}")
        for step in report["steps"]:
            files = f", {step['files']} files" if step["files"] else ""
            self.stdout.write(f"  {step['action']:<10} {step['model']:<32} {step['rows']:>8} rows{files}")
        for kept in report["kept"]:
            until = kept["until"] or "no end"
            if kept["review_at"]:
                until = f"released (review by {kept['review_at']})"
            self.stdout.write(
                f"  kept       {kept['model']:<32} {kept['rows']:>8} rows: {kept['ground']}, until {until}"
            )
        for hold in report.get("holds", ()):
            what = ", ".join(hold["categories"]) or "everything"
            self.stdout.write(f"  legal hold on {what}: {hold['ground']}, review by {hold['review_at']}")
        for error in report["errors"]:
            self.stdout.write(self.style.ERROR(f"  left: {error}"))
        backups_until = report.get("backups_until")
        if backups_until == jsonable(NO_END):
            self.stdout.write("  Backups hold this person, and no end is promised for them.")
        elif backups_until:
            self.stdout.write(f"  No backup holds this person after {backups_until}.")

    def exit_code(self, report: Any) -> int:
        return FAILED if report["status"] == "partial" else DONE


def _dates(report: ClosureReport) -> dict[str, Any]:
    return {"due_at": jsonable(report.due_at), "backups_until": jsonable(report.backups_until)}
