"""The journal's files: whole lines or none, and nobody readable in them."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from privacy.disposal.journal import JournalUnwritable, Line, files, fingerprint, lines

SECRET = "a secret for pseudonyms of the tests, number "


def put(*ids: str, at: datetime) -> None:
    files.append(lines.written([Line("closure", name, "done").as_json() for name in ids], at=at))


def ids(bad: list[str] | None = None) -> list[str]:
    return [each.line.id for each in files.lines_since(unreadable=bad)]


def segment(journal: Path) -> Path:
    [path] = journal.glob("*.jsonl")
    return path


def test_what_was_appended_is_read_back(journal: Path, now: datetime) -> None:
    line = Line("closure", "1", "done", {"account": fingerprint("account", "7")}, {"closed_at": now})
    files.append(lines.written([line.as_json()], at=now, page=4))
    [read] = files.lines_since()
    assert (read.line.kind, read.line.id, read.line.state, read.page, read.at) == ("closure", "1", "done", 4, now)
    assert read.line.who == {"account": fingerprint("account", "7")}
    assert read.line.facts == {"closed_at": now.isoformat()}


def test_a_line_that_a_crash_cut_is_told_and_costs_no_other(journal: Path, now: datetime) -> None:
    put("1", at=now)
    with segment(journal).open("ab") as file:
        file.write(b'{"kind":"closure","id":"2","sta')
    put("3", at=now)
    bad: list[str] = []
    assert ids(bad) == ["1", "3"]
    assert bad == ["cut"]


def test_an_altered_line_is_told(journal: Path, now: datetime) -> None:
    put("1", "2", at=now)
    path = segment(journal)
    path.write_text(path.read_text().replace('"id":"2"', '"id":"9"'))
    bad: list[str] = []
    assert (ids(bad), bad) == (["1"], ["altered"])


def test_lines_survive_a_new_key_and_are_told_when_theirs_is_gone(journal: Path, now: datetime, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": [SECRET + "1"]}
    put("1", at=now)
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": [SECRET + "2", SECRET + "1"]}
    put("2", at=now)
    assert ids() == ["1", "2"]
    settings.PRIVACY = {**settings.PRIVACY, "PSEUDONYM_KEYS": [SECRET + "2"]}
    bad: list[str] = []
    assert (ids(bad), bad) == (["2"], ["key"])


def test_a_key_that_lines_need_is_known_to_be_needed(journal: Path, now: datetime) -> None:
    from privacy.core.pseudonyms import pseudonym_key_id
    from privacy.core.registries import key_users

    put("1", "2", at=now)
    assert key_users.get("disposal.journal")() == {pseudonym_key_id(): 2}


def test_each_day_has_a_segment_of_its_own(journal: Path, now: datetime) -> None:
    for day in (1, 2):
        with time_machine.travel(datetime(2026, 3, day, 23, 59, tzinfo=UTC), tick=False):
            put(str(day), at=now)
    assert [one.day.isoformat() for one in files.segments()] == ["2026-03-01", "2026-03-02"]
    assert [each.line.id for each in files.lines_since(files.segments()[1].day)] == ["2"]


def test_several_writers_at_once_tear_no_line(journal: Path, now: datetime) -> None:
    def write(name: str) -> None:
        for number in range(20):
            put(*(f"{name}-{number}-{each}" for each in range(10)), at=now)

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    bad: list[str] = []
    found = ids(bad)
    assert (len(found), len(set(found)), bad) == (800, 800, [])


def test_a_folder_that_cannot_be_written_is_refused_by_name(journal: Path, now: datetime) -> None:
    journal.write_text("a file where the folder should be")
    with pytest.raises(JournalUnwritable) as refusal:
        put("1", at=now)
    assert refusal.value.field == "PRIVACY['JOURNAL_DIR']"
    assert str(journal) not in str(refusal.value)


def test_a_fingerprint_tells_nothing_without_the_key(journal: Path, now: datetime) -> None:
    line = Line("closure", "1", "done", {"account": fingerprint("account", "somebody@example.org")})
    files.append(lines.written([line.as_json()], at=now))
    text = segment(journal).read_text()
    assert "somebody" not in text
    assert set(json.loads(text)) == {"at", "code", "facts", "id", "key", "kind", "page", "state", "who"}
