"""``privacy_promises``: ask every live check, and show the promise ledger."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from privacy.core.commands import DONE, FOUND, PrivacyCommand
from privacy.core.registries import Status
from privacy.promises.ledger import WORST_FIRST, Ledger, LedgerRow
from privacy.promises.services import check_promises

WORDS = {
    Status.KEPT: "kept",
    Status.BROKEN: "BROKEN",
    Status.CANNOT_TELL: "cannot tell",
    Status.NOT_PROMISED: "not promised",
}


class Command(PrivacyCommand):
    help = "Check every promise of the profile in force. With --at, the answers are shown and not remembered."
    uses_date = True
    fail_on: frozenset[str] = frozenset()
    remember = True
    whole = False

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="list also what could be checked and is not promised")
        parser.add_argument(
            "--fail-on",
            action="append",
            default=[],
            choices=[Status.BROKEN.value, Status.CANNOT_TELL.value],
            help="exit with 3 when a promise has this status; may be given twice",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.fail_on = frozenset(options["fail_on"])
        self.whole = options["all"]
        # What a check finds today about another day is no history of that day.
        self.remember = not options.get("at")
        super().handle(*args, **options)

    def act(self, *, now: datetime, **options: Any) -> Ledger:
        return check_promises(now=now, actor=self.actor, remember=self.remember)

    def exit_code(self, report: Ledger) -> int:
        return FOUND if any(report.counts[status] for status in self.fail_on) else DONE

    def tell(self, report: Ledger) -> None:
        moment = timezone.localtime(report.checked_at).strftime("%Y-%m-%d %H:%M %Z") if report.checked_at else "never"
        self.stdout.write(
            f"Promises of {report.site}, checked {moment}{_published(report)}\n"
            if report.site
            else "No profile is loaded. Load one with privacy_profile FILE; these questions could be asked:\n"
        )
        colours: dict[Status, Callable[[str], str]] = {
            Status.KEPT: self.style.SUCCESS,
            Status.BROKEN: self.style.ERROR,
            Status.CANNOT_TELL: self.style.WARNING,
            Status.NOT_PROMISED: str,
        }
        promised = [row for row in report.worst_first if row.status != Status.NOT_PROMISED or row.clause]
        widths = tuple(
            max(len(cell) for cell in column)
            for column in zip(*((row.code, row.clause, row.figure) for row in promised), strict=True)
        )
        for row in promised:
            for line in _lines(row, widths, colours[row.status]):
                self.stdout.write(line)
        # Dozens of questions that nobody promised to answer would push the promises off the screen.
        unpromised = [row for row in report.worst_first if row not in promised]
        hidden = bool(unpromised and report.site and not self.whole)
        if not hidden:
            for row in unpromised:
                self.stdout.write(f"{WORDS[row.status]}  {row.says}  ({row.check})")
        counts = report.counts
        self.stdout.write(
            "\n"
            + ", ".join(f"{counts[status]} {WORDS[status].lower()}" for status in WORST_FIRST)
            + (" (--all lists them)" if hidden else "")
        )


def _published(report: Ledger) -> str:
    return f"; in force is {report.version}" if report.version else ""


def _lines(row: LedgerRow, widths: tuple[int, ...], colour: Callable[[str], str]) -> Iterator[str]:
    """One promise: status, id, clause and figure in columns, then what was said and why, wrapped beside them."""
    cells = (row.code, row.clause, row.figure)
    columns = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True) if width)
    word = WORDS[row.status].ljust(12)
    indent = len(word) + len(columns) + 4
    width = max(shutil.get_terminal_size((120, 40)).columns - indent, 30)
    said = textwrap.wrap(row.says, width) or [""]
    said += textwrap.wrap(row.why, width, initial_indent="→ ", subsequent_indent="  ")
    if row.versions:
        said += textwrap.wrap(f"The figure is bound by {', '.join(row.versions)}.", width)
    yield f"{colour(word)}  {columns}  {said[0]}"
    yield from (" " * indent + line for line in said[1:])
