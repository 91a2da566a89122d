"""``privacy_profile`` and ``privacy_promises``: one JSON object, or words for people; and the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from privacy.core.registries import Finding
from privacy.promises.models import Promise, PromiseRun
from privacy.promises.services import LoadedProfile

from .conftest import Kitchen

Load = Callable[..., LoadedProfile]
Write = Callable[..., Path]
AT = "2026-03-16T12:00+00:00"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """What a shell would see: the exit code and stdout."""
    code = 0
    try:
        call_command(*words)
    except SystemExit as stop:
        code = int(stop.code or 0)
    except CommandError as error:
        code = error.returncode
        return code, capsys.readouterr().out + str(error)
    return code, capsys.readouterr().out


def test_privacy_promises_json_has_the_promised_shape(
    load: Load, kitchen: Kitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    load()
    kitchen.says("kitchen.fridge_empty", Finding.broken("An old pot stands there.", "1 of 3"))
    kitchen.register("kitchen.cellar_locked", "Is the cellar locked?", Finding.kept("It is."))
    code, out = run(capsys, "privacy_promises", "--json", "--at", AT)
    assert code == 0
    assert json.loads(out) == {
        "site": "EXA",
        "version": None,
        "checked_at": "2026-03-16T12:00:00+00:00",
        "counts": {"kept": 1, "broken": 1, "cannot_tell": 0, "not_promised": 1},
        "promises": [
            {
                "id": "EXA-1-1",
                "clause": "§1",
                "says": "Leftovers are gone within a month.",
                "check": "kitchen.fridge_empty",
                "status": "broken",
                "figure": "P1M",
                "why": "An old pot stands there (1 of 3).",
            },
            {
                "id": "EXA-2-1",
                "clause": "§2",
                "says": "Guests are asked before they are fed.",
                "check": "kitchen.guests_asked",
                "status": "kept",
                "figure": "",
                "why": "All guests were asked.",
            },
            {
                "id": "kitchen.cellar_locked",
                "clause": "",
                "says": "Is the cellar locked?",
                "check": "kitchen.cellar_locked",
                "status": "not_promised",
                "figure": "",
                "why": "The published text promises nothing that this check could hold the site to.",
            },
        ],
    }


@pytest.mark.parametrize(
    ("answer", "words", "wanted"),
    [
        (Finding.kept("Fine."), ["--fail-on", "broken"], 0),
        (Finding.broken("Bad."), [], 0),
        (Finding.broken("Bad."), ["--fail-on", "broken"], 3),
        (Finding.broken("Bad."), ["--fail-on", "broken", "--json"], 3),
        (Finding.cannot_tell("Unknown."), ["--fail-on", "broken"], 0),
        (Finding.cannot_tell("Unknown."), ["--fail-on", "broken", "--fail-on", "cannot_tell"], 3),
    ],
)
def test_a_broken_promise_is_a_finding_only_when_asked_to_fail(
    answer: Finding, words: list[str], wanted: int, load: Load, kitchen: Kitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    load()
    kitchen.says("kitchen.fridge_empty", answer)
    code, out = run(capsys, "privacy_promises", *words)
    assert code == wanted
    assert "EXA-1-1" in out


def test_wrong_words_exit_with_two(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    from privacy.core.commands import WRONG_WORDS

    assert run(capsys, "privacy_promises", "--at", "yesterday")[0] == WRONG_WORDS


def test_now_is_remembered_and_another_moment_is_not(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load()
    run(capsys, "privacy_promises", "--at", AT)
    assert not PromiseRun.objects.exists()
    run(capsys, "privacy_promises")
    assert PromiseRun.objects.get().asked_by == "command privacy_promises"


def test_the_table_for_people_puts_broken_first_and_aligns_its_columns(
    load: Load, kitchen: Kitchen, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    load()
    kitchen.says("kitchen.guests_asked", Finding.broken("One of them was not."))
    out = run(capsys, "privacy_promises", "--at", AT)[1]
    lines = out.splitlines()
    assert lines[0] == "Promises of EXA, checked 2026-03-16 13:00 CET"
    broken = next(line for line in lines if line.startswith("BROKEN"))
    kept = next(line for line in lines if line.startswith("kept"))
    assert lines.index(broken) < lines.index(kept)
    assert broken.index("EXA-2-1") == kept.index("EXA-1-1")
    assert broken.index("Guests") == kept.index("Leftovers")
    assert "→ One of them was not." in out
    assert lines[-1] == "1 broken, 0 cannot tell, 1 kept, 0 not promised"
    assert max(len(line) for line in lines) <= 100
    assert "\x1b[" not in out


def test_what_is_not_promised_is_counted_and_listed_on_request(
    load: Load, kitchen: Kitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    load()
    kitchen.register("kitchen.cellar_locked", "Is the cellar locked?", Finding.kept("It is."))
    out = run(capsys, "privacy_promises")[1]
    assert "cellar" not in out
    assert out.endswith("1 not promised (--all lists them)\n")
    out = run(capsys, "privacy_promises", "--all")[1]
    assert "not promised  Is the cellar locked?  (kitchen.cellar_locked)" in out
    assert out.endswith("1 not promised\n")


def test_without_a_profile_the_command_says_so(kitchen: Kitchen, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No profile is loaded." in run(capsys, "privacy_promises")[1]
    report = json.loads(run(capsys, "privacy_promises", "--json")[1])
    assert (report["site"], report["counts"]["not_promised"]) == (None, 2)


def test_privacy_profile_loads_and_says_what(
    kitchen: Kitchen, write: Write, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, "privacy_profile", str(write()))
    assert (code, out) == (0, "Example Coop (EXA): 2 promises, tables: kitchen.\n")
    out = run(capsys, "privacy_profile", str(write(("EXA", "EXB"))))[1]
    assert "It replaces the profile of EXA" in out


def test_privacy_profile_json_is_one_object(
    kitchen: Kitchen, write: Write, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    report: dict[str, Any] = json.loads(run(capsys, "privacy_profile", str(write()), "--json")[1])
    assert (report["site"], report["promises"], report["tables"]) == ("EXA", 2, ["kitchen"])


def test_a_wrong_profile_exits_with_one_and_lists_every_fault(
    kitchen: Kitchen, write: Write, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, "privacy_profile", str(write(('figure = "P1M"', 'figure = "30"'), ('"fact"', '"fakt"'))))
    assert code == 1
    assert '[[promise]] EXA-1-1: figure: "30" is not a period' in out
    assert "[[promise]] EXA-2-1: kind:" in out
    assert not Promise.objects.exists()


def test_a_profile_that_is_not_there_exits_with_one(
    kitchen: Kitchen, tmp_path: Path, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, "privacy_profile", str(tmp_path / "none.toml"))
    assert code == 1
    assert "none.toml" in out


def test_the_moment_of_the_ledger_is_the_clock(load: Load, capsys: pytest.CaptureFixture[str], now: datetime) -> None:
    import time_machine

    load()
    with time_machine.travel(now, tick=False):
        report = json.loads(run(capsys, "privacy_promises", "--json")[1])
    assert report["checked_at"] == now.isoformat()
