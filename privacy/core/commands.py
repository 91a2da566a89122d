"""What every management command of the app shares: its words, its two forms of output, its exit codes.

0 done; 1 it could not; 2 wrong words; 3 it found something.
"""

from __future__ import annotations

import json
import sys
from abc import abstractmethod
from datetime import UTC, datetime, time
from typing import Any, NoReturn

from django.conf import settings as django_settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.people import UnknownUser, find_user
from privacy.core.reports import jsonable

__all__ = ["DONE", "FAILED", "FOUND", "WRONG_WORDS", "Found", "PrivacyCommand", "UnknownUser"]

DONE, FAILED, WRONG_WORDS, FOUND = 0, 1, 2, 3


class Found(Exception):
    """Raised out of ``act`` when the report is a finding: it is told, and the command exits with 3."""

    def __init__(self, report: Any) -> None:
        self.report = report
        super().__init__()


class PrivacyCommand(BaseCommand):
    """Base of our commands; a subclass is one service call.

    Attributes:
        uses_date: adds ``--at``, the moment to act for.
        destroys: a future ``--at`` then needs ``--dry-run`` or DEBUG: it would remove what is not yet due.
    """

    # An undeclared model must not stop the very command that lists it.
    requires_system_checks = []
    uses_date: bool = False
    destroys: bool = False

    @property
    def actor(self) -> Actor:
        """Who acts: this command, by the name of its module."""
        return Actor.command(type(self).__module__.rpartition(".")[2])

    def add_words(self, parser: CommandParser) -> None:
        """Add the arguments of this command."""

    @abstractmethod
    def act(self, *, now: datetime, **options: Any) -> Any:
        """Make the one service call. ``now`` is UTC; ``options`` are the parsed words.

        Returns:
            A dataclass or dictionary that ``jsonable`` can turn into JSON.
        """

    def tell(self, report: Any) -> None:
        """Print the report for people; the default prints one line a key."""
        for key, value in jsonable(report).items():
            self.stdout.write(f"{key}: {json.dumps(value, ensure_ascii=False)}")

    def exit_code(self, report: Any) -> int:
        """0, 1 or 3; what ``act`` returned decides."""
        return DONE

    def note(self, text: str) -> None:
        """A line about progress: on stderr, since stdout belongs to the report."""
        self.stderr.write(text, self.style.NOTICE)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object and nothing else")
        if self.uses_date:
            parser.add_argument("--at", metavar="ISO", help="act for this moment (the site's zone when it names none)")
        self.add_words(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self.act(now=self._moment(options), **options)
            code = self.exit_code(report)
        except Found as found:
            report, code = found.report, FOUND
        except PrivacyError as error:
            self._refuse(error, options)
        if options["json"]:
            self.stdout.write(json.dumps(jsonable(report), ensure_ascii=False))
        else:
            self.tell(report)
        if code:
            sys.exit(code)

    def find_user(self, word: str) -> Any:
        """The user that ``word`` names.

        Raises:
            UnknownUser: nobody, or more than one.
        """
        return find_user(word)

    def _moment(self, options: dict[str, Any]) -> datetime:
        clock = timezone.now()
        word = options.pop("at", None)
        if not word:
            return clock
        moment = word if isinstance(word, datetime) else _parse_moment(word)
        if self.destroys and moment > clock and not options.get("dry_run") and not django_settings.DEBUG:
            raise CommandError(
                "--at is in the future: this would remove what is not yet due. Add --dry-run.",
                returncode=WRONG_WORDS,
            )
        return moment

    def _refuse(self, error: PrivacyError, options: dict[str, Any]) -> NoReturn:
        if options["json"]:
            problem = {"field": error.field, "problem": error.problem, "mend": error.mend}
            if faults := getattr(error, "faults", ()):  # of a file, everything that is wrong
                problem["faults"] = jsonable(faults)
            self.stdout.write(json.dumps({"error": problem}, ensure_ascii=False))
        raise CommandError(str(error), returncode=FAILED) from error


def _parse_moment(word: str) -> datetime:
    try:
        day = parse_date(word)
        moment = datetime.combine(day, time()) if day else parse_datetime(word)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f'--at: "{word}" is no date. Write 2026-03-31T04:00.', returncode=WRONG_WORDS)
    aware = moment if timezone.is_aware(moment) else moment.replace(tzinfo=settings.calendar.zone)
    return aware.astimezone(UTC)
