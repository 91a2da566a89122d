"""One shape for every command: its output, its exit codes, its moments."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.test import override_settings

from privacy.core.actors import Actor
from privacy.core.commands import Found, PrivacyCommand, UnknownUser
from privacy.core.errors import PrivacyError

CLOCK = datetime(2026, 3, 16, 12, tzinfo=UTC)


@dataclass
class Report:
    rows: int
    at: datetime


class Counting(PrivacyCommand):
    uses_date = True
    destroys = True

    def add_words(self, parser: CommandParser) -> None:
        parser.add_argument("--rows", type=int, default=0)
        parser.add_argument("--dry-run", action="store_true")

    def act(self, *, now: datetime, **options: Any) -> Report:
        self.note("counting")
        if options["rows"] == 13:
            raise PrivacyError(field="rows", problem="thirteen is no number of rows", mend="Give another")
        if options["rows"] == 33:
            raise Found(Report(33, now))
        return Report(options["rows"], now)

    def exit_code(self, report: Report) -> int:
        return 3 if report.rows == 3 else 0


class Plain(PrivacyCommand):
    def act(self, *, now: datetime, **options: Any) -> dict[str, Any]:
        return {"moment": now, "actor": str(self.actor)}


def _run(command: BaseCommand, *words: str) -> tuple[int, str, str]:
    """As from a shell: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdout, sys.stderr
    command.stdout._out, command.stderr._out = out, err  # type: ignore[attr-defined]
    sys.stdout, sys.stderr = out, err
    try:
        parser = command.create_parser("manage.py", "counting")
        command._called_from_command_line = True
        parser.called_from_command_line = True  # type: ignore[attr-defined]
        options = vars(parser.parse_args(list(words)))
        command.execute(*options.pop("args", ()), **options)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), err.getvalue() + str(error)
    finally:
        sys.stdout, sys.stderr = before
    return 0, out.getvalue(), err.getvalue()


@time_machine.travel(CLOCK, tick=False)
def test_json_is_one_object_on_stdout_and_nothing_else() -> None:
    code, out, err = _run(Counting(), "--json", "--rows", "2")
    assert code == 0
    assert json.loads(out) == {"rows": 2, "at": "2026-03-16T12:00:00+00:00"}
    assert out.count("\n") == 1
    assert "counting" in err


def test_without_json_the_report_is_told_to_people() -> None:
    code, out, _err = _run(Counting(), "--rows", "2")
    assert code == 0
    assert "rows: 2" in out


@pytest.mark.parametrize("words", [("--rows", "3"), ("--rows", "33")])
def test_a_finding_is_told_and_exits_with_three(words: tuple[str, ...]) -> None:
    code, out, _err = _run(Counting(), "--json", *words)
    assert code == 3
    assert json.loads(out)["rows"] == int(words[1])


def test_a_refusal_exits_with_one_and_says_the_mend_on_stderr() -> None:
    code, out, err = _run(Counting(), "--rows", "13")
    assert (code, out) == (1, "")
    assert "rows: thirteen is no number of rows. Give another." in err


def test_a_refusal_with_json_is_still_one_object() -> None:
    code, out, _err = _run(Counting(), "--json", "--rows", "13")
    assert code == 1
    assert json.loads(out) == {
        "error": {"field": "rows", "problem": "thirteen is no number of rows", "mend": "Give another"}
    }


@pytest.mark.parametrize(
    "words", [("--nonsense",), ("--rows", "many"), ("--at", "tomorrow"), ("--at", "2026-02-30"), ("--at", "2026-13")]
)
def test_wrong_words_exit_with_two(words: tuple[str, ...]) -> None:
    code, out, err = _run(Counting(), *words)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("2026-01-31T04:00", datetime(2026, 1, 31, 3, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 30, 23, tzinfo=UTC)),
        ("2026-01-31T04:00:00Z", datetime(2026, 1, 31, 4, tzinfo=UTC)),
        ("2026-01-31 04:00:00-05:00", datetime(2026, 1, 31, 9, tzinfo=UTC)),
    ],
)
@time_machine.travel(CLOCK, tick=False)
def test_a_moment_is_read_in_the_sites_zone_unless_it_names_one(word: str, moment: datetime) -> None:
    _code, out, _err = _run(Counting(), "--json", "--at", word)
    assert datetime.fromisoformat(json.loads(out)["at"]) == moment


@time_machine.travel(CLOCK, tick=False)
def test_a_future_moment_on_a_command_that_destroys_needs_a_dry_run_or_debug() -> None:
    future = ("--json", "--at", "2027-01-01T00:00Z")
    code, out, err = _run(Counting(), *future)
    assert (code, out) == (2, "")
    assert "--dry-run" in err
    assert _run(Counting(), *future, "--dry-run")[0] == 0
    with override_settings(DEBUG=True):
        assert _run(Counting(), *future)[0] == 0


def test_a_command_without_a_date_does_not_know_at() -> None:
    assert _run(Plain(), "--at", "2026-01-31")[0] == 2


@time_machine.travel(CLOCK, tick=False)
def test_it_acts_now_as_itself() -> None:
    _code, out, _err = _run(Plain(), "--json")
    assert json.loads(out) == {"moment": "2026-03-16T12:00:00+00:00", "actor": "command test_commands"}
    assert Plain().actor == Actor.command("test_commands")


@time_machine.travel(CLOCK, tick=False)
def test_code_may_call_it_with_a_moment() -> None:
    out = io.StringIO()
    call_command(Counting(), at=datetime(2026, 1, 1, tzinfo=UTC), json=True, stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue())["at"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.django_db
def test_a_user_is_found_by_the_name_they_sign_in_with_or_by_key() -> None:
    user = get_user_model()._default_manager.create(username="pk-less")
    assert Plain().find_user("pk-less") == user
    assert Plain().find_user(f"pk:{user.pk}") == user


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["anna", "", "pk:", "pk:anna", "pk:99999999", "pk:9" + "9" * 40, "anna\0"])
def test_an_unknown_user_is_refused_without_repeating_the_word(word: str) -> None:
    with pytest.raises(UnknownUser) as refusal:
        Plain().find_user(word)
    assert "anna" not in str(refusal.value)
    assert "pk:" in refusal.value.mend
