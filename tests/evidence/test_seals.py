"""A seal holds exactly the entries that no seal held before it, in constant memory, chained and signed."""

from __future__ import annotations

import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.evidence import sealing, triggers
from privacy.evidence.keys import KeyFileExists, UnusableKey, load_keys, make_key, signature_holds
from privacy.evidence.merkle import Tree, leaf_hash
from privacy.evidence.models import EvidenceEntry, Seal, SealLeaf
from privacy.evidence.sealing import CannotSign, SealReport, seal
from privacy.evidence.services import Draft, forget, record_many
from privacy.evidence.statements import entry_text, seal_hash, seal_text

pytestmark = pytest.mark.django_db
ACT = "evidence.details_expired"


def write(count: int, now: datetime) -> list[EvidenceEntry]:
    drafts = [Draft(ACT, label="auth.User", counts={"rows": n}, subject=str(n)) for n in range(count)]
    keys = record_many(drafts=drafts, now=now, actor=Actor.system("x"))
    return list(EvidenceEntry.objects.filter(pk__in=keys).order_by("pk"))


def sealed_by(number: int) -> list[int]:
    return list(SealLeaf.objects.filter(seal_id=number).order_by("position").values_list("entry_id", flat=True))


def test_a_seal_holds_every_entry_that_none_held_and_the_next_only_what_came_since(now: datetime, actor: Actor) -> None:
    first, later = write(3, now), []
    assert seal(now=now, actor=actor) == SealReport(1, 3)
    later = write(2, now)
    assert seal(now=now + timedelta(hours=1), actor=actor) == SealReport(1, 2)
    assert (sealed_by(1), sealed_by(2)) == ([one.pk for one in first], [one.pk for one in later])
    one, two = Seal.objects.order_by("number")
    assert (one.number, one.size, one.made_at, one.previous) == (1, 3, now, "")
    assert (two.number, two.size, two.previous) == (2, 2, seal_hash(one))


def test_nothing_new_makes_no_seal(now: datetime, actor: Actor) -> None:
    assert seal(now=now, actor=actor) == SealReport(0, 0)
    write(1, now)
    seal(now=now, actor=actor)
    assert seal(now=now, actor=actor) == SealReport(0, 0)
    assert Seal.objects.count() == 1


def test_an_entry_that_commits_late_with_a_lower_key_goes_under_the_next_seal(now: datetime, actor: Actor) -> None:
    entries = write(3, now)
    late = entries[1].pk
    triggers.remove("default")
    connection.check_constraints()
    with connection.cursor() as cursor:  # as if its transaction were still open
        cursor.execute("DELETE FROM privacy_evidencedetail WHERE entry_id = %s", [late])
        cursor.execute("DELETE FROM privacy_evidenceentry WHERE id = %s", [late])
    seal(now=now, actor=actor)
    EvidenceEntry(pk=late, at=now, act=ACT, commitment="0" * 64).save()
    seal(now=now, actor=actor)
    assert (sealed_by(1), sealed_by(2)) == ([entries[0].pk, entries[2].pk], [late])


def test_the_root_is_the_tree_over_the_texts_of_the_entries(now: datetime, actor: Actor) -> None:
    entries, tree = write(5, now), Tree()
    for entry in entries:
        tree.add(leaf_hash(entry_text(entry).encode()))
    seal(now=now, actor=actor)
    assert Seal.objects.get().root == tree.root().hex()
    # From the database the same bytes come back, whatever it does to moments and JSON.
    assert [entry_text(one) for one in EvidenceEntry.objects.order_by("pk")] == [entry_text(one) for one in entries]


def test_very_many_entries_go_under_several_seals(now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEAL_SIZE", 40)
    entries = write(100, now)
    assert seal(now=now, actor=actor) == SealReport(3, 100)
    assert [one.size for one in Seal.objects.order_by("number")] == [40, 40, 20]
    assert sealed_by(1) + sealed_by(2) + sealed_by(3) == [one.pk for one in entries]


def test_another_caller_who_sealed_them_meanwhile_leaves_nothing_to_seal(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(4, now)
    lock = sealing.one_at_a_time

    def while_waiting(name: str, using: str) -> None:
        monkeypatch.setattr(sealing, "one_at_a_time", lock)
        assert seal(now=now, actor=actor) == SealReport(1, 4)
        lock(name, using)

    monkeypatch.setattr(sealing, "one_at_a_time", while_waiting)
    assert seal(now=now, actor=actor) == SealReport(0, 0)
    assert Seal.objects.count() == 1


def _queries_for(count: int, now: datetime, actor: Actor) -> int:
    write(count, now)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        seal(now=now, actor=actor)
    return len([query for query in caught if "INSERT" not in query["sql"]])


def test_the_number_of_questions_grows_by_the_batch_not_by_the_entry(
    now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_BATCH", 50)
    few, many = _queries_for(50, now, actor), _queries_for(500, now, actor)
    assert many - few == 9


def test_memory_does_not_grow_with_the_entries(now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SEAL_SIZE", 1_000)
    seal(now=now, actor=actor)
    peaks = []
    for count in (1_000, 5_000):
        write(count, now)
        tracemalloc.start()
        assert seal(now=now, actor=actor).entries == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000


def test_forgetting_people_leaves_the_text_of_their_entries_as_it_was(now: datetime, actor: Actor) -> None:
    entries = write(3, now)
    before = [entry_text(one) for one in entries]
    assert forget(subjects=["0", "1", "2"]) == 3
    assert [entry_text(one) for one in EvidenceEntry.objects.order_by("pk")] == before


# --- keys ----------------------------------------------------------------------------------


@pytest.fixture
def keys(tmp_path: Path, settings: Any) -> list[str]:
    """Two keys, the second the newer; the site knows the first only."""
    made = [make_key(path=tmp_path / f"key{n}.pem") for n in (1, 2)]
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [made[0].file]}
    return [one.file for one in made]


def test_a_seal_is_signed_by_the_newest_key_and_an_older_one_still_checks_its_own(
    keys: list[str], now: datetime, actor: Actor, settings: Any
) -> None:
    write(1, now)
    seal(now=now, actor=actor)
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [keys[1], keys[0]]}
    write(1, now)
    seal(now=now, actor=actor)
    known = load_keys().public
    one, two = Seal.objects.order_by("number")
    assert one.key != two.key
    for made in (one, two):
        assert signature_holds(known[made.key], made.signature, seal_text(made))
    assert not signature_holds(known[two.key], one.signature, seal_text(one))


def test_without_a_key_seals_are_chained_and_unsigned(now: datetime, actor: Actor) -> None:
    write(1, now)
    seal(now=now, actor=actor)
    made = Seal.objects.get()
    assert (made.key, made.signature) == ("", "")


@pytest.mark.usefixtures("keys")
def test_a_chain_that_was_signed_never_goes_on_unsigned(now: datetime, actor: Actor, settings: Any) -> None:
    write(1, now)
    seal(now=now, actor=actor)
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": []}
    write(1, now)
    with pytest.raises(CannotSign, match="there is no key now"):
        seal(now=now, actor=actor)
    assert (Seal.objects.count(), EvidenceEntry.objects.unsealed().count()) == (1, 1)


def test_a_key_may_stand_in_the_environment_in_three_spellings(
    keys: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    pem = Path(keys[0]).read_text()
    expected = list(load_keys().public)
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": ["env:OUR_SEAL_KEY"]}
    for spelling in (pem, pem.replace("\n", "\\n"), base64.b64encode(pem.encode()).decode()):
        monkeypatch.setenv("OUR_SEAL_KEY", spelling)
        assert list(load_keys().public) == expected
        assert load_keys().signing is not None


@pytest.mark.parametrize("spelling", ["PEM", "as exported"])
def test_an_older_key_may_be_kept_as_its_public_half_only(spelling: str, tmp_path: Path, settings: Any) -> None:
    older = make_key(path=tmp_path / "older.pem")
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [older.file]}
    digits = load_keys().public[older.key].public_bytes_raw().hex()
    (tmp_path / "older.pub").write_text(older.public if spelling == "PEM" else f"{digits}\n")
    newer = make_key(path=tmp_path / "newer.pem")
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [newer.file, str(tmp_path / "older.pub")]}
    assert set(load_keys().public) == {older.key, newer.key}


def test_a_machine_with_public_keys_only_can_check_and_not_seal(
    tmp_path: Path, settings: Any, now: datetime, actor: Actor
) -> None:
    (tmp_path / "seal.pub").write_text(make_key(path=tmp_path / "seal.pem").public)
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [tmp_path / "seal.pub"]}
    write(1, now)
    with pytest.raises(CannotSign, match="public one"):
        seal(now=now, actor=actor)


@pytest.mark.parametrize(
    "content", ["", "nonsense", "ab" * 31, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_holds_no_key_is_refused_and_never_repeated(content: str, tmp_path: Path, settings: Any) -> None:
    (tmp_path / "key").write_text(content)
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [str(tmp_path / "key")]}
    with pytest.raises(UnusableKey) as refused:
        load_keys()
    assert "SEAL_KEYS'][0]" in str(refused.value)
    assert not content or content not in str(refused.value)


@pytest.mark.parametrize("place", ["no/such/file", "env:NO_SUCH_VARIABLE"])
def test_a_place_that_is_not_there_is_named_by_its_number(place: str, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [place]}
    with pytest.raises(UnusableKey, match=r"SEAL_KEYS'\]\[0\]"):
        load_keys()


def test_a_new_key_is_for_its_owner_only_and_overwrites_nothing(tmp_path: Path) -> None:
    made = make_key(path=tmp_path / "key.pem")
    assert Path(made.file).stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in made.public
    with pytest.raises(KeyFileExists):
        make_key(path=tmp_path / "key.pem")
