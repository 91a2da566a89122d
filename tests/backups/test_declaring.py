"""The file that declares copies elsewhere: what it may say, and every fault of it at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from privacy.backups import services
from privacy.backups.models import RegisteredCopy
from privacy.backups.services import WrongCopies
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from privacy.promises.models import Promise
from tests.backups.conftest import COPY, RULE

pytestmark = pytest.mark.django_db
Declare = Callable[..., Path]
DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
AWAY: Any = None


@pytest.fixture
def promise() -> None:
    Promise.objects.create(
        position=0,
        code="HTC-10-4",
        clause="§10",
        kind="duty",
        says="Backups are kept for one month.",
        checks=["backups.none_over_age"],
        figure="P1M",
        bound="ceiling",
        setting="backups.kept_for",
    )


def facts(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**COPY, **changes}.items() if value is not None}


def faults_of(path: Path, now: datetime, actor: Actor) -> list[tuple[str, str]]:
    with pytest.raises(WrongCopies) as caught:
        services.register_copies(path=path, now=now, actor=actor)
    assert all(fault.problem and fault.mend for fault in caught.value.faults)
    assert all(str(fault) in str(caught.value) for fault in caught.value.faults)
    assert not RegisteredCopy.objects.exists()
    assert not EvidenceEntry.objects.filter(act__startswith="backups.").exists()
    return [(fault.table, fault.key) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": AWAY}, "name"),
        ({"name": "the one in the safe"}, "name"),
        ({"name": "-dash"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 3}, "name"),
        ({"kind": AWAY}, "kind"),
        ({"kind": "pgdump"}, "kind"),
        ({"kind": "PG_DUMP"}, "kind"),
        ({"place": AWAY}, "place"),
        ({"place": " "}, "place"),
        ({"place": "s3://key:secret@bucket"}, "place"),
        ({"place": "a safe\u0000"}, "place"),
        ({"region": AWAY}, "region"),
        ({"region": ["EU"]}, "region"),
        ({"taken_at": AWAY}, "taken_at"),
        ({"taken_at": "2026-03-10"}, "taken_at"),
        ({"taken_at": 20260310}, "taken_at"),
        ({"taken_at": True}, "taken_at"),
        ({"taken_at": datetime.fromisoformat("2026-03-16T13:00:01+01:00")}, "taken_at"),
        ({"taken_at": datetime.fromisoformat("0001-01-01T00:00:00+14:00")}, "taken_at"),
        ({"taken_at": datetime.fromisoformat("9999-12-31T23:00:00-14:00")}, "taken_at"),
        ({"every": "P1D"}, "every"),
        ({"taken_at": AWAY, "every": "daily"}, "every"),
        ({"taken_at": AWAY, "every": "P0D"}, "every"),
        ({"taken_at": AWAY, "every": ""}, "every"),
        ({"taken_at": AWAY, "every": 1}, "every"),
        ({"kept_for": AWAY}, "kept_for"),
        ({"kept_for": " "}, "kept_for"),
        ({"kept_for": "two weeks"}, "kept_for"),
        ({"kept_for": 14}, "kept_for"),
        ({"kept_for": "P0D"}, "kept_for"),
        ({"confirmed_by": AWAY}, "confirmed_by"),
        ({"confirmed_by": "ada@example.org"}, "confirmed_by"),
        ({"confirmed_by": "x" * 201}, "confirmed_by"),
        ({"encrypted": True}, "encrypted"),
    ],
)
def test_a_wrong_copy_names_the_key_and_the_mend(
    declare: Declare, now: datetime, actor: Actor, changes: dict[str, Any], key: str
) -> None:
    [(table, found)] = faults_of(declare(facts(**changes)), now, actor)
    assert found == key
    assert table == "[[copy]] offsite" or "name" in changes


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ("[[copy]]", "")),
        ("copy = 3", ("[[copy]]", "")),
        ('[copy]\nname = "offsite"', ("[[copy]]", "")),
        ("copy = []", ("[[copy]]", "")),
        ("copy = [1]", ("[[copy]]", "")),
        ("[[copy]\n", ("", "")),
    ],
)
def test_a_file_without_copies_says_how_to_write_one(
    tmp_path: Path, now: datetime, actor: Actor, text: str, place: tuple[str, str]
) -> None:
    path = tmp_path / "copies.toml"
    path.write_text(text, encoding="utf-8")
    assert faults_of(path, now, actor) == [place]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, now: datetime, actor: Actor) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# é".encode("latin-1"))
    for path in (tmp_path / "missing.toml", tmp_path, latin):
        assert faults_of(path, now, actor) == [("", "")]


def test_an_unknown_table_is_refused_beside_the_copies(declare: Declare, now: datetime, actor: Actor) -> None:
    path = declare(COPY)
    path.write_text("[[copies]]\n" + path.read_text())
    assert faults_of(path, now, actor) == [("[copies]", "")]


def test_every_fault_is_told_at_once_and_nothing_is_written(declare: Declare, now: datetime, actor: Actor) -> None:
    path = declare(
        facts(name="good"),
        facts(kind="tape", region="", kept_for="P0D"),
        facts(name="good", taken_at=AWAY),
        facts(name=AWAY),
    )
    assert faults_of(path, now, actor) == [
        ("[[copy]] offsite", "kind"),
        ("[[copy]] offsite", "region"),
        ("[[copy]] offsite", "kept_for"),
        ("[[copy]] good", "taken_at"),
        ("[[copy]] good", "name"),
        ("[[copy]] number 4", "name"),
    ]


@pytest.mark.parametrize("base", [COPY, RULE])
@pytest.mark.parametrize(("kept_for", "refused"), [("P1M", False), ("P28D", False), ("P30D", True), ("P2M", True)])
def test_a_rule_weaker_than_the_promise_is_refused_with_its_clause(
    promise: None,
    declare: Declare,
    now: datetime,
    actor: Actor,
    base: dict[str, Any],
    kept_for: str,
    refused: bool,
) -> None:
    path = declare({**base, "kept_for": kept_for})
    if not refused:
        services.register_copies(path=path, now=now, actor=actor)
        assert RegisteredCopy.objects.get().kept_for == kept_for
        return
    with pytest.raises(WrongCopies, match=r"§10 promises \(HTC-10-4\)") as caught:
        services.register_copies(path=path, now=now, actor=actor)
    assert [fault.key for fault in caught.value.faults] == ["kept_for"]
    assert not RegisteredCopy.objects.exists()


def test_without_a_promise_each_copy_follows_its_own_rule(declare: Declare, now: datetime, actor: Actor) -> None:
    services.register_copies(path=declare({**RULE, "kept_for": "P2Y"}), now=now, actor=actor)
    assert RegisteredCopy.objects.get().kept_for == "P2Y"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (datetime.fromisoformat("2026-03-10T04:00:00+01:00"), "2026-03-10T03:00:00+00:00"),
        (datetime.fromisoformat("2026-03-10T04:00:00"), "2026-03-10T03:00:00+00:00"),
        (date(2026, 3, 10), "2026-03-09T23:00:00+00:00"),
        (datetime.fromisoformat("2025-10-26T02:30:00"), "2025-10-26T00:30:00+00:00"),  # the clock shows it twice
        (datetime.fromisoformat("2026-03-16T13:00:00+01:00"), "2026-03-16T12:00:00+00:00"),  # this very moment
    ],
)
def test_the_time_of_taking_is_read_in_the_sites_zone_and_never_too_late(
    declare: Declare, now: datetime, actor: Actor, written: date, meant: str
) -> None:
    services.register_copies(path=declare(facts(taken_at=written)), now=now, actor=actor)
    assert RegisteredCopy.objects.get().taken_at == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("page", "block"),
    [
        ("reference/backups.md", r"```toml\n(\[\[copy\]\].+?)```"),
        ("how-to/register-other-copies.md", r"^(    \[\[copy\]\]\n(?:    .*\n|\n)+)"),
    ],
)
def test_the_files_in_the_documentation_can_be_registered(
    promise: None, tmp_path: Path, now: datetime, actor: Actor, page: str, block: str
) -> None:
    found = re.search(block, (DOCS / page).read_text(encoding="utf-8"), re.DOTALL if "```" in block else re.MULTILINE)
    assert found is not None
    path = tmp_path / "copies.toml"
    path.write_text(found[1], encoding="utf-8")
    services.register_copies(path=path, now=now, actor=actor)
    assert RegisteredCopy.objects.count() > 1


@pytest.mark.parametrize("kind", ["pg_dump", "restic", "borg", "host", "test_copy", "other"])
def test_every_kind_of_copy_can_be_declared(declare: Declare, now: datetime, actor: Actor, kind: str) -> None:
    services.register_copies(path=declare(facts(kind=kind)), now=now, actor=actor)
    assert RegisteredCopy.objects.get().kind == kind
