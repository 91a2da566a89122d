"""Whatever an owner of the database does to sealed evidence is found and named; nothing else is."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from privacy.core.actors import Actor
from privacy.evidence import exported, reading, verifying
from privacy.evidence.exported import NotAnExport
from privacy.evidence.keys import make_key
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.evidence.sealing import seal
from privacy.evidence.services import Draft, forget, record_many
from privacy.evidence.verifying import Verification, verify
from tests.evidence.tampering import (
    AGAINST,
    ATTACKS,
    DETAIL,
    ENTRY,
    LEAF,
    POSTGRESQL,
    SEAL,
    Attack,
    become_owner,
    nothing_left,
    remove_entry,
    run,
)

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
ACT = "evidence.details_expired"
Names = set[tuple[str, int | None, int | None]]


def _script() -> ModuleType:
    """The verifier for strangers, loaded as the file that it is."""
    spec = importlib.util.spec_from_file_location("verify_evidence", ROOT / "docs" / "verify_evidence.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STRANGER = _script()


@pytest.fixture(autouse=True)
def _key(tmp_path: Path, settings: Any) -> Iterator[None]:
    made = make_key(path=tmp_path / "seal.pem")
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [made.file]}
    yield
    nothing_left()


def write(count: int, now: datetime) -> list[int]:
    drafts = [Draft(ACT, label=f"auth.X{n}", counts={"rows": n}, subject=str(n)) for n in range(count)]
    return record_many(drafts=drafts, now=now, actor=Actor.system("x"))


@pytest.fixture
def entries(now: datetime, actor: Actor) -> list[int]:
    """Six entries under two seals."""
    found = []
    for hour in (0, 1):
        found += write(3, now)
        seal(now=now + timedelta(hours=hour), actor=actor)
    return found


def names(seen: Verification) -> Names:
    """Without the details: no export holds them, so that no stranger can speak of them."""
    return {(one.what, one.seal, one.entry) for one in seen.findings if not one.what.startswith("details")}


def of_details(seen: Verification) -> set[tuple[str, int | None]]:
    return {(one.what, one.entry) for one in seen.findings if one.what.startswith("details")}


def matches(found: Names, expected: set[tuple[str, int | str]], entries: list[int]) -> bool:
    """Each expected finding once and no other."""

    def short(what: str, number: int | None, entry: int | None) -> tuple[str, int | str]:
        if entry is None:
            return what, f"s{number}"
        return what, entries.index(entry) if entry in entries else "any"

    return {short(*one) for one in found} == expected and len(found) == len(expected)


def stranger_finds(folder: Path, now: datetime, older: Path | None = None) -> Names:
    """What the stand-alone verifier says about an export of the database as it is now."""
    exported.write(path=folder / "now.json", now=now, with_entries=True)
    export = json.loads((folder / "now.json").read_text())
    keys = {name: bytes.fromhex(key) for name, key in export["keys"].items()}
    found = STRANGER.verify(export, keys)
    return found | (STRANGER.compare(export, json.loads(older.read_text())) if older else set())


def test_untouched_evidence_verifies(entries: list[int], now: datetime, tmp_path: Path) -> None:
    write(2, now)
    seen = verify(now=now)
    assert seen.intact
    assert (seen.seals, seen.sealed, seen.unsealed, seen.details, seen.unsigned) == (2, 6, 2, 8, 0)
    assert stranger_finds(tmp_path, now) == set()


def test_no_evidence_at_all_verifies(now: datetime, tmp_path: Path) -> None:
    assert verify(now=now).intact
    assert stranger_finds(tmp_path, now) == set()


def _possible(attacks: dict[str, Attack]) -> list[str]:
    return [name for name, attack in attacks.items() if not (POSTGRESQL and attack.sqlite_only)]


@pytest.mark.parametrize("name", _possible(ATTACKS))
def test_every_alteration_removal_and_reordering_is_found_and_named_and_the_stranger_agrees(
    name: str, entries: list[int], now: datetime, tmp_path: Path
) -> None:
    become_owner()
    ATTACKS[name].act(entries)
    seen = names(verify(now=now))
    assert matches(seen, ATTACKS[name].found, entries), seen
    assert stranger_finds(tmp_path, now) == seen


@pytest.mark.parametrize("name", _possible(AGAINST))
def test_a_cut_tail_and_what_was_rewritten_is_found_against_an_older_export(
    name: str, entries: list[int], now: datetime, tmp_path: Path
) -> None:
    older = tmp_path / "older.json"
    exported.write(path=older, now=now, with_entries=True)
    become_owner()
    AGAINST[name].act(entries)
    seen = names(verify(now=now, against=older))
    assert matches(seen, AGAINST[name].found, entries), seen
    assert stranger_finds(tmp_path, now, older) == seen


@pytest.mark.parametrize("with_entries", [False, True])
def test_a_tail_that_was_cut_and_sealed_anew_is_found_against_an_export_of_the_seals(
    with_entries: bool, entries: list[int], now: datetime, actor: Actor, tmp_path: Path
) -> None:
    older = tmp_path / "older.json"
    exported.write(path=older, now=now, with_entries=with_entries)
    become_owner()
    AGAINST["the tail cut off"].act(entries)
    write(3, now)
    seal(now=now + timedelta(hours=2), actor=actor)
    assert verify(now=now).intact  # it holds the key, and nothing inside betrays it
    seen = names(verify(now=now, against=older))
    assert ("seal_differs", 2, None) in seen
    assert stranger_finds(tmp_path, now, older) == seen


def test_without_a_key_the_chain_alone_finds_an_altered_seal(
    now: datetime, actor: Actor, settings: Any, tmp_path: Path
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": []}
    for _ in range(2):
        write(1, now)
        seal(now=now, actor=actor)
    assert verify(now=now).unsigned == 2
    become_owner()
    run(f"UPDATE {SEAL} SET made_at = '2020-01-01 00:00:00' WHERE number = 1")
    assert names(verify(now=now)) == {("chain_broken", 2, None)} == stranger_finds(tmp_path, now)


def test_a_key_that_the_site_no_longer_knows_is_named(
    entries: list[int], now: datetime, settings: Any, tmp_path: Path
) -> None:
    newer = make_key(path=tmp_path / "newer.pem")
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [newer.file]}
    assert names(verify(now=now)) == {("key_unknown", 1, None), ("key_unknown", 2, None)}
    assert stranger_finds(tmp_path, now) == names(verify(now=now))


# --- details -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "content = replace(content, 'details', 'detailz')",
        "content = 'no JSON'",
        "salt = '0'",
        "subject_key = 'somebody else'",
        "actor_kind = 'member'",
    ],
)
@pytest.mark.parametrize("sealed", [True, False])
def test_altered_details_are_found_as_long_as_there_are_any(
    change: str, sealed: bool, entries: list[int], now: datetime
) -> None:
    target = entries[1] if sealed else write(1, now)[0]
    run(f"UPDATE {DETAIL} SET {change} WHERE entry_id = %s", target)
    seen = verify(now=now)
    assert (of_details(seen), names(seen)) == ({("details_altered", target)}, set())
    forget(subjects=["0", "1", "2", "somebody else"])
    EvidenceDetail.objects.all().delete()
    assert verify(now=now).intact


def test_details_whose_unsealed_entry_was_removed_betray_it(now: datetime) -> None:
    [pk] = write(1, now)
    become_owner()
    run(f"DELETE FROM {ENTRY} WHERE id = %s", pk)
    assert of_details(verify(now=now)) == {("details_orphaned", pk)}


def test_erasing_a_thousand_people_breaks_no_proof(now: datetime, actor: Actor, tmp_path: Path) -> None:
    write(1_200, now)
    seal(now=now, actor=actor)
    older = tmp_path / "older.json"
    exported.write(path=older, now=now, with_entries=True)
    assert forget(subjects=[str(n) for n in range(1_000)]) == 1_000
    seen = verify(now=now, against=older)
    assert (seen.intact, seen.sealed, seen.details) == (True, 1_200, 200)
    assert stranger_finds(tmp_path, now, older) == set()


def test_no_export_holds_anything_of_a_person(now: datetime, actor: Actor, tmp_path: Path) -> None:
    draft = Draft(ACT, subject="subject-90817", details={"channel": "post-office-7731"})
    record_many(drafts=[draft], now=now, actor=Actor("staff", key="staff-55512"))
    seal(now=now, actor=actor)
    word = EvidenceDetail.objects.get().subject
    exported.write(path=tmp_path / "export.json", now=now, with_entries=True)
    text = (tmp_path / "export.json").read_text()
    assert not [part for part in ("90817", "7731", "55512", word, "salt") if part in text]


# --- no false alarm ------------------------------------------------------------------------


@examples(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.sampled_from(["commit", "late", "roll back", "seal", "forget"]), max_size=25))
def test_whatever_order_entries_commit_in_and_whatever_rolls_back_there_is_no_false_alarm(
    plan: list[str], now: datetime, actor: Actor, tmp_path: Path
) -> None:
    nothing_left()
    key, waiting = 1_000, [900, 700, 800, 600]
    for act in plan:
        if act == "seal":
            seal(now=now, actor=actor)
        elif act == "forget":
            forget(subjects=["0"])
        elif act == "late" and waiting:
            EvidenceEntry(pk=waiting.pop(), at=now, act=ACT, commitment="0" * 64).save()
        else:
            key += 2 if act == "roll back" else 1
            EvidenceEntry(pk=key, at=now, act=ACT, counts={"rows": key}, commitment="0" * 64).save()
    seen = verify(now=now)
    assert seen.intact, seen.findings
    assert stranger_finds(tmp_path, now) == set()


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_single_change_of_any_sealed_value_is_found_and_the_stranger_agrees(
    data: st.DataObject, now: datetime, actor: Actor, tmp_path: Path
) -> None:
    nothing_left()
    for _ in range(3):
        write(data.draw(st.integers(1, 5)), now)
        seal(now=now, actor=actor)
    become = data.draw(
        st.sampled_from(
            [
                (ENTRY, "id", "label"),
                (ENTRY, "id", "commitment"),
                (LEAF, "entry_id", "hash"),
                (SEAL, "number", "root"),
                (SEAL, "number", "previous"),
                (SEAL, "number", "signature"),
            ]
        )
    )
    table, key, column = become
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {column} FROM {table} ORDER BY {key}")
        pk, value = data.draw(st.sampled_from(cursor.fetchall()))
    where = data.draw(st.integers(0, max(len(value) - 1, 0)))
    changed = value[:where] + ("0" if value[where : where + 1] != "0" else "1") + value[where + 1 :]
    run(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", changed, pk)
    seen = verify(now=now)
    assert seen.found
    assert stranger_finds(tmp_path, now) == names(seen)


# --- size ----------------------------------------------------------------------------------


def _questions(now: datetime) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert verify(now=now).intact
    return len(caught)


def test_the_number_of_questions_grows_by_the_batch_not_by_the_seal(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 50)
    counts = []
    for _ in (1, 2, 3):
        for _ in range(10):
            write(10, now)
            seal(now=now, actor=actor)
        counts.append(_questions(now))
    assert counts[2] - counts[1] == counts[1] - counts[0] <= 5


def test_findings_beyond_a_thousand_are_counted_and_not_listed(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "LISTED", 10)
    write(25, now)
    seal(now=now, actor=actor)
    become_owner()
    run(f"UPDATE {ENTRY} SET label = 'x'")
    seen = verify(now=now)
    assert (len(seen.findings), seen.found) == (10, 25)


# --- the command ---------------------------------------------------------------------------


def _command(*words: str) -> tuple[int, Any]:
    out, code = StringIO(), 0
    try:
        call_command("privacy_verify", "--json", *words, stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue())


def test_the_command_exits_with_0_when_nothing_was_altered_and_with_3_when_something_was(
    entries: list[int], tmp_path: Path
) -> None:
    file = str(tmp_path / "seals.json")
    code, report = _command("--export", file)
    assert (code, report["intact"], report["sealed"], report["export"]) == (0, True, 6, file)
    assert _command("--against", file)[0] == 0
    become_owner()
    remove_entry(entries[4])
    code, report = _command("--against", file)
    assert code == 3
    [finding] = report["findings"]
    assert (finding["what"], finding["seal"], finding["entry"]) == ("entry_removed", 2, entries[4])


def test_people_read_the_same_in_words(entries: list[int]) -> None:
    out = StringIO()
    call_command("privacy_verify", stdout=out)
    assert "2 seals over 6 entries; 0 entries waiting for the next." in out.getvalue()
    assert "Nothing was altered." in out.getvalue()
    become_owner()
    remove_entry(entries[4])
    with pytest.raises(SystemExit) as end:
        call_command("privacy_verify", stdout=out)
    assert end.value.code == 3
    assert f"entry_removed  seal 2, entry {entries[4]}" in out.getvalue()


def test_after_a_finding_an_older_export_is_not_overwritten_and_a_new_file_is(
    entries: list[int], tmp_path: Path
) -> None:
    older = tmp_path / "seals.json"
    _command("--export", str(older))
    before = older.read_text()
    become_owner()
    remove_entry(entries[0])
    code, report = _command("--export", str(older))
    assert (code, report["export"], older.read_text()) == (3, "", before)
    assert report["not_exported"]
    assert _command("--export", str(tmp_path / "new.json"), "--entries")[1]["export"]


def test_an_export_of_the_seals_is_one_json_document_and_small(entries: list[int], tmp_path: Path) -> None:
    _command("--export", str(tmp_path / "seals.json"))
    document = json.loads((tmp_path / "seals.json").read_text())
    assert document["format"] == "privacy-evidence-1"
    assert [one["number"] for one in document["seals"]] == [1, 2]
    assert "entries" not in document
    assert len(document["keys"]) == 1


@pytest.mark.parametrize("harm", ["cut", "empty", "other", "absent", "binary"])
def test_a_file_that_is_no_whole_export_proves_nothing_and_is_refused(
    harm: str, entries: list[int], now: datetime, tmp_path: Path
) -> None:
    file = tmp_path / "seals.json"
    exported.write(path=file, now=now, with_entries=True)
    lines = file.read_text().splitlines(keepends=True)
    if harm == "absent":
        file.unlink()
    elif harm == "binary":
        file.write_bytes(b"\xff\x00")
    else:
        file.write_text({"cut": "".join(lines[:-2]), "empty": "", "other": '{"some": "JSON"}\n'}[harm])
    with pytest.raises(NotAnExport):
        verify(now=now, against=file)


def test_a_new_key_is_made_and_its_public_half_is_told(tmp_path: Path) -> None:
    code, report = _command("--new-key", str(tmp_path / "new.pem"))
    assert code == 0
    assert report["public"].startswith("-----BEGIN PUBLIC KEY-----")
    assert (tmp_path / "new.pem").exists()


def test_the_stand_alone_verifier_runs_by_itself(entries: list[int], now: datetime, tmp_path: Path) -> None:
    import subprocess
    import sys

    file = tmp_path / "export.json"
    words = [sys.executable, "-I", str(ROOT / "docs" / "verify_evidence.py"), str(file)]
    exported.write(path=file, now=now, with_entries=True)
    done = subprocess.run([*words, "--against", str(file)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 seals over 6 entries" in done.stdout
    become_owner()
    remove_entry(entries[4])
    exported.write(path=file, now=now, with_entries=True)
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 3
    assert f"entry_removed seal 2 entry {entries[4]}" in done.stdout


def test_the_stand_alone_verifier_imports_nothing_of_ours() -> None:
    text = (ROOT / "docs" / "verify_evidence.py").read_text()
    imports = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
    known = ("argparse", "datetime", "hashlib", "itertools", "json", "sys", "pathlib", "cryptography")
    assert all(line.split()[1].split(".")[0] in known for line in imports)


@pytest.mark.parametrize("page", ["evidence.md", "evidence-format.md"])
def test_every_name_of_a_finding_is_told_by_the_reference(page: str) -> None:
    source = (ROOT / "privacy" / "evidence" / "verifying.py").read_text()
    found = set(re.findall(r"told\.add\(\s*\"(\w+)\"", source))
    assert len(found) > 12
    if page == "evidence-format.md":
        found = {name for name in found if not name.startswith("details")}
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "reference" / page).read_text()))
    assert found <= told, found - told
