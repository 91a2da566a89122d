"""After a restore: exactly those who were erased are erased again, and nobody is served before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from privacy.core.actors import Actor
from privacy.core.replayers import Replayer, Told, replayers
from privacy.disposal import services
from privacy.disposal.journal import Line, files, fingerprint, restores, tell
from privacy.disposal.journal.replaying import JournalDamaged, NoJournal, replay
from privacy.disposal.journal.restores import SiteRestored, is_restored, notice
from privacy.disposal.models import Closure, JournalPage
from privacy.evidence import sealing
from privacy.evidence.models import EvidenceEntry
from privacy.evidence.verifying import verify
from privacy.promises.models import ProfileTable
from tests.disposal.journal.conftest import head_of, told, undone
from tests.disposal.planting import plant

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = services.Mandate("member", "page", "password")


def people() -> Any:
    return get_user_model().objects


def close(user: Any, now: datetime, actor: Actor) -> None:
    services.close_account(user=user, mandate=PASSWORD, now=now, actor=actor)


@pytest.fixture
def three(journal: Path, now: datetime, actor: Actor) -> list[Any]:
    """Three members; the first two close their accounts, and the database goes back to before that."""
    users = [plant(name) for name in ("first", "second", "third")]
    with undone():
        for user in users[:2]:
            close(user, now, actor)
        assert not people().filter(username__in=("first", "second")).exists()
    return users


def test_a_database_that_went_back_is_noticed_by_the_head(three: list[Any], now: datetime) -> None:
    assert not is_restored()
    assert notice(now)
    assert files.read_marker()["how"] == "head"


def test_a_replay_removes_exactly_those_who_were_erased(three: list[Any], now: datetime, actor: Actor) -> None:
    report = replay(now=now, actor=actor)
    assert report.restored
    assert report.open
    assert report.kinds["closure"]["erased"] == 2
    left = set(people().values_list("username", flat=True))
    assert "third" in left
    assert not {"first", "second"} & left
    assert set(Closure.objects.values_list("channel", "status")) == {("replay", "done")}


def test_a_second_replay_changes_nothing(three: list[Any], now: datetime, actor: Actor) -> None:
    replay(now=now, actor=actor)
    again = replay(now=now, actor=actor)
    assert (again.restored, again.kinds["closure"]["erased"], again.kinds["closure"]["gone"]) == (False, 0, 2)
    assert EvidenceEntry.objects.filter(act="disposal.replayed").count() == 1


def test_after_a_replay_the_journal_goes_on_and_the_next_restore_is_noticed_as_well(
    three: list[Any], now: datetime, actor: Actor
) -> None:
    replay(now=now, actor=actor)
    assert not notice(now)
    with undone():
        close(three[2], now, actor)
    assert notice(now)
    assert replay(now=now, actor=actor).kinds["closure"]["erased"] == 1
    assert not people().filter(username="third").exists()


def test_a_crash_is_no_restore(journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before its commit, and killed between its commit and the file: the database is never behind."""
    from django.db import transaction

    from privacy.disposal.journal import telling

    first, second = plant("crash1"), plant("crash2")
    with transaction.atomic():
        close(first, now, actor)
        transaction.set_rollback(True)
    assert [state for _, state in told()] == ["intended"]
    assert not notice(now)
    with monkeypatch.context() as patched:
        patched.setattr(telling, "_append_own", lambda page: None)
        close(second, now, actor)
    assert not notice(now)
    close(first, now, actor)
    assert not notice(now)


def test_a_head_that_moves_on_between_two_looks_is_no_restore(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The night deletes the row that the head named a moment ago."""
    close(plant("earlier"), now, actor)
    earlier = files.read_head()
    close(plant("later"), now, actor)
    JournalPage.objects.filter(pk=earlier["page"]).delete()
    heads = iter([earlier, files.read_head()])
    with monkeypatch.context() as patched:
        patched.setattr(files, "read_head", lambda: next(heads))
        assert not notice(now)
    files.append([], head=earlier)
    assert notice(now)


def test_while_a_replay_is_awaited_nothing_is_destroyed(three: list[Any], now: datetime, actor: Actor) -> None:
    from privacy.retention.services import run_night

    notice(now)
    with pytest.raises(SiteRestored):
        close(three[2], now, actor)
    with pytest.raises(SiteRestored):
        run_night(now=now, actor=actor)
    assert people().filter(username="third", is_active=True).exists()


def test_whoever_destroys_first_on_a_restored_database_is_stopped_before(
    three: list[Any], now: datetime, actor: Actor
) -> None:
    """Nobody has looked at the head yet: the intention does."""
    services.close_account(user=three[2], mandate=PASSWORD, now=now, actor=actor)
    assert is_restored()
    assert people().filter(username="third").exists()
    assert Closure.objects.get().status == "partial"


def test_a_new_account_that_was_given_an_erased_key_survives(journal: Path, now: datetime, actor: Actor) -> None:
    old = plant("old")
    key = old.pk
    close(old, now, actor)
    new = people().create(pk=key, username="new", date_joined=now + timedelta(hours=1))
    other = plant("other")
    with undone():
        close(other, now + timedelta(hours=2), actor)
    report = replay(now=now + timedelta(hours=3), actor=actor)
    assert people().filter(pk=new.pk, is_active=True).exists()
    assert (report.kinds["closure"]["erased"], report.kinds["closure"]["others"]) == (1, 1)


def test_of_two_who_had_one_key_the_one_who_is_back_is_erased(journal: Path, now: datetime, actor: Actor) -> None:
    old = plant("before")
    with undone():
        close(old, now, actor)
        new = people().create(pk=old.pk, username="after", date_joined=now + timedelta(hours=1))
        close(new, now + timedelta(hours=2), actor)
    assert replay(now=now + timedelta(hours=3), actor=actor).kinds["closure"]["erased"] == 1
    assert not people().filter(username="before").exists()


@pytest.mark.parametrize("renamed", [False, True])
def test_without_a_date_of_making_name_and_address_tell_accounts_apart(
    renamed: bool, journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.core.people._USUAL_NAMES", ())
    user = plant("undated")
    if renamed:
        people().filter(pk=user.pk).update(username="earlier name")
    with undone():
        people().filter(pk=user.pk).update(username="undated")
        close(people().get(pk=user.pk), now, actor)
    assert replay(now=now, actor=actor).kinds["closure"]["erased"] == 1
    assert not people().filter(pk=user.pk).exists()


def test_an_intention_that_never_became_done_is_blocked_and_listed_never_executed(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, other = plant("halfway"), plant("whole")
    with undone():
        with monkeypatch.context() as patched:
            patched.setattr("privacy.disposal.destroying.erase", _fails)
            close(user, now, actor)
        close(other, now, actor)
    report = replay(now=now, actor=actor)
    assert (report.kinds["closure"]["erased"], report.kinds["closure"]["undecided"]) == (1, 1)
    closure = Closure.objects.get(status="undecided")
    assert people().get(pk=user.pk).is_active is False
    services.run_closures(now=now, horizon=now + timedelta(days=400), actor=actor)
    assert people().filter(pk=user.pk).exists(), "the night executed it blindly"
    services.cancel_closure(closure=closure, now=now, actor=actor)
    assert people().get(pk=user.pk).is_active is True


def test_an_undecided_closure_can_be_run(
    journal: Path, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = plant("decided")
    with undone():
        with monkeypatch.context() as patched:
            patched.setattr("privacy.disposal.destroying.erase", _fails)
            close(user, now, actor)
        close(plant("pusher"), now, actor)
    replay(now=now, actor=actor)
    closure = Closure.objects.get(status="undecided")
    assert services.run_closure(closure=closure, now=now, actor=actor).status == "done"
    assert not people().filter(pk=user.pk).exists()


def _fails(**_: Any) -> None:
    raise RuntimeError


def test_a_closure_that_waited_for_its_date_waits_again_with_the_same_date(
    journal: Path, now: datetime, actor: Actor
) -> None:
    ProfileTable.objects.create(name="closure", table={"after": "P3M"})
    user, back = plant("patient"), plant("returned")
    with undone():
        close(user, now, actor)
        close(back, now, actor)
        services.cancel_closure(closure=Closure.objects.get(subject_key=str(back.pk)), now=now, actor=actor)
    report = replay(now=now + timedelta(days=2), actor=actor)
    assert report.kinds["closure"]["waiting"] == 1
    closure = Closure.objects.get()
    assert (closure.status, closure.closed_at, closure.due_at) == (
        "scheduled",
        now,
        datetime(2026, 6, 16, 11, tzinfo=UTC),
    )
    assert people().get(pk=user.pk).is_active is False
    assert people().get(pk=back.pk).is_active is True


def test_a_person_erased_before_the_backup_is_found_gone(journal: Path, now: datetime, actor: Actor) -> None:
    close(plant("longgone"), now, actor)
    with undone():
        close(plant("justgone"), now, actor)
    # The second never was in the backup: the database went back to before it existed.
    assert replay(now=now, actor=actor).kinds["closure"]["gone"] == 2


def test_verify_passes_only_because_the_replay_recorded_the_restore_and_the_gap(
    journal: Path, now: datetime, actor: Actor, tmp_path: Path
) -> None:
    from privacy.evidence import exported

    close(plant("sealed"), now, actor)
    user = plant("unsealed")
    sealing.seal(now=now, actor=actor)
    with undone():
        close(user, now, actor)
        sealing.seal(now=now, actor=actor)
        older = tmp_path / "older.json"
        exported.write(path=older, now=now, with_entries=True)
    assert [one.what for one in verify(now=now).findings] == ["seal_missing"]
    report = replay(now=now, actor=actor)
    assert report.lost_seals == (2, 2)
    told = verify(now=now, against=older)
    assert told.intact, told.findings
    assert told.excused
    from privacy.evidence import triggers
    from privacy.evidence.models import EvidenceDetail, SealLeaf

    if not triggers.missing("default"):
        triggers.remove("default")
    gap = EvidenceEntry.objects.get(act="evidence.gap_recorded")
    for rows in (SealLeaf.objects.filter(pk=gap.pk), EvidenceDetail.objects.filter(pk=gap.pk)):
        rows._raw_delete("default")
    EvidenceEntry.objects.filter(pk=gap.pk)._raw_delete("default")
    assert {"seal_missing", "seal_differs"} & {one.what for one in verify(now=now, against=older).findings}


def test_a_gap_excuses_no_seal_that_was_made_after_it(journal: Path, now: datetime, actor: Actor) -> None:
    close(plant("sealed"), now, actor)
    user = plant("unsealed")
    sealing.seal(now=now, actor=actor)
    with undone():
        close(user, now, actor)
        sealing.seal(now=now, actor=actor)
    replay(now=now, actor=actor)
    later = now + timedelta(days=1)
    plant("afterwards")
    close(people().get(username="afterwards"), later, actor)
    sealing.seal(now=later, actor=actor)
    assert verify(now=later).intact
    from privacy.evidence import triggers
    from privacy.evidence.models import Seal, SealLeaf

    triggers.remove("default")
    newest = Seal.objects.order_by("-number").first()
    assert newest is not None
    SealLeaf.objects.filter(seal=newest)._raw_delete("default")
    Seal.objects.filter(pk=newest.pk)._raw_delete("default")
    assert [one.what for one in verify(now=later).findings] == ["seal_missing"]


def test_a_seal_on_a_restored_database_gives_the_restore_away(journal: Path, now: datetime, actor: Actor) -> None:
    from privacy.evidence.services import record

    close(plant("sealed"), now, actor)
    user = plant("unsealed")
    sealing.seal(now=now, actor=actor)
    with undone():
        close(user, now, actor)
        sealing.seal(now=now, actor=actor)
    before = head_of(journal)
    record(act="disposal.cancelled", now=now, actor=actor)
    sealing.seal(now=now + timedelta(hours=1), actor=actor)
    assert files.read_marker()["how"] == "seal"
    assert head_of(journal) == before


def test_rooms_above_put_their_kinds_into_the_registry_and_what_protects_comes_first(
    three: list[Any], now: datetime, actor: Actor
) -> None:
    seen: list[tuple[str, list[Told]]] = []

    def note(told: list[Told], moment: datetime, who: Actor) -> dict[str, int]:
        seen.append(("optout", told))
        assert people().filter(username="first").exists(), "closures ran before what protects"
        return {"applied": len(told)}

    replayers.add("optout", Replayer("optout", 100, "Opt-outs", note))
    from django.db import transaction

    with undone(), transaction.atomic():
        tell([Line("optout", "7", "done", {"email": fingerprint("email", "x@example.org")}, {"list": "news"})], now=now)
    report = replay(now=now, actor=actor)
    [(_, [line])] = seen
    assert (line.id, line.facts, line.who) == ("7", {"list": "news"}, {"email": fingerprint("email", "x@example.org")})
    assert report.kinds["optout"] == {"applied": 1}


def test_a_kind_that_cannot_be_applied_keeps_the_site_closed_and_none_of_the_others(
    three: list[Any], now: datetime, actor: Actor
) -> None:
    def refuse(told: list[Told], moment: datetime, who: Actor) -> dict[str, int]:
        raise RuntimeError("with somebody@example.org in it")

    entry = replayers.add("broken", Replayer("broken", 100, "Broken", refuse))
    report = replay(now=now, actor=actor)
    assert report.errors == {"broken": "RuntimeError"}
    assert (report.open, report.kinds["closure"]["erased"]) == (False, 2)
    replayers.remove("broken")
    assert entry is not None
    assert replay(now=now, actor=actor).open


def test_lines_of_a_kind_that_nobody_knows_keep_the_site_closed(three: list[Any], now: datetime, actor: Actor) -> None:
    with undone():
        tell([Line("unheard-of", "1", "done")], now=now)
    report = replay(now=now, actor=actor)
    assert list(report.errors) == ["unheard-of"]
    assert not report.open


def test_a_damaged_journal_is_not_taken_for_a_whole_one(three: list[Any], now: datetime, actor: Actor) -> None:
    [segment] = files.segments()
    segment.path.write_text(segment.path.read_text().replace('"state":"done"', '"state":"void"', 1))
    with pytest.raises(JournalDamaged):
        replay(now=now, actor=actor)
    assert notice(now)
    report = replay(now=now, actor=actor, leave_out_unreadable=True)
    assert (report.left_out, report.kinds["closure"]["erased"]) == (1, 1)


def test_without_a_journal_there_is_nothing_to_apply(now: datetime, actor: Actor) -> None:
    with pytest.raises(NoJournal):
        replay(now=now, actor=actor)


def test_the_site_answers_503_and_monitors_are_told_why(
    three: list[Any], now: datetime, actor: Actor, settings: Any
) -> None:
    settings.MIDDLEWARE = ["privacy.disposal.middleware.RestoreGuard", *settings.MIDDLEWARE]
    answer = Client().get("/account/privacy/", headers={"accept-language": "de"})
    assert answer.status_code == 503, "the first request of a process compares the heads"
    assert answer["Retry-After"]
    assert 'lang="de"' in answer.content.decode()
    assert Client().get("/", headers={"accept": "application/json"}).json()["code"] == "restored"
    health = Client().get("/privacy/health/")
    assert (health.status_code, health.json()["restore"]) == (
        503,
        {"well": False, "state": "waits_for_replay", "hours": None},
    )
    replay(now=now, actor=actor)
    assert Client().get("/account/privacy/").status_code == 302


def test_the_guard_costs_one_look_at_the_file_system(
    journal: Path, now: datetime, settings: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.http import HttpResponse
    from django.test import RequestFactory

    from privacy.disposal.middleware import RestoreGuard

    close(plant("warm"), now, Actor.system("tests"))
    guard = RestoreGuard(lambda request: HttpResponse("served"))
    request = RequestFactory().get("/")
    with django_assert_num_queries(1):
        guard(request)
    with django_assert_num_queries(0):
        assert guard(request).content == b"served"


def test_dbbackups_own_signals_close_the_site_before_and_after(journal: Path, now: datetime) -> None:
    from dbbackup.signals import post_media_restore, post_restore, pre_restore

    for signal in (pre_restore, post_restore, post_media_restore):
        signal.send(sender=None, database="default", filename="x")
        assert is_restored(), signal
        files.clear_marker()


def test_the_hour_stands_still(three: list[Any], now: datetime, actor: Actor) -> None:
    from privacy.core.hourly import run_hour

    assert set(run_hour(now=now, actor=actor)) == {"hour"}
    replay(now=now, actor=actor)
    assert "evidence.seal" in run_hour(now=now, actor=actor)


def test_the_context_of_a_replay_ends_with_it() -> None:
    with restores.replaying():
        assert restores.replaying_now()
    assert not restores.replaying_now()


def test_a_restore_in_the_middle_of_a_night_ends_that_night(
    journal: Path, now: datetime, actor: Actor, approved: None
) -> None:
    from privacy.core.registries import NightStep, StepReport, night_steps
    from privacy.retention.services import run_night

    ran: list[str] = []

    def restoring(context: Any) -> StepReport:
        files.set_marker("signal", now)
        return StepReport()

    def after(context: Any) -> StepReport:
        ran.append("after")
        return StepReport()

    night_steps.add("tests.restoring", NightStep("tests.restoring", 1, "A restore begins", restoring))
    night_steps.add("tests.after", NightStep("tests.after", 2, "What would follow", after))
    with pytest.raises(SiteRestored):
        run_night(now=now, actor=actor)
    assert ran == []


@pytest.fixture
def approved(now: datetime) -> None:
    from privacy.disposal.queries import take_over_fingerprint
    from privacy.retention.models import Approval

    Approval.objects.create(
        status="used", reasons=["first"], fingerprint=take_over_fingerprint(), asked_at=now, confirmed_at=now
    )


def hold(user: Any, now: datetime, actor: Actor, **values: Any) -> Any:
    from privacy.disposal.holds.placing import place_hold

    given = {"ground": "law", "review_at": now + timedelta(days=30), "ends_at": now + timedelta(days=60)}
    return place_hold(user=user, now=now, actor=actor, **{**given, **values})


def test_a_hold_placed_since_the_backup_stops_the_replay_as_well(journal: Path, now: datetime, actor: Actor) -> None:
    from privacy.disposal.models import Hold

    user, other = plant("heldback"), plant("nothold")
    with undone():
        placed = hold(user, now, actor)
        hold(user, now, actor, case="2026/K-17")
        close(user, now, actor)
        close(other, now, actor)
        assert Closure.objects.get(subject_key=str(user.pk)).status == "held"
    report = replay(now=now, actor=actor)
    assert report.kinds["hold"]["in_force"] == 2
    assert (report.kinds["closure"]["erased"], report.kinds["closure"]["held"]) == (1, 1)
    again = Hold.objects.get(pk=placed.pk)
    assert (again.subject_key, again.ground, again.review_at) == (str(user.pk), "law", placed.review_at)
    account = people().get(pk=user.pk)
    assert (account.username, account.is_active) == ("heldback", False)


def test_a_hold_released_since_the_backup_is_released_again(journal: Path, now: datetime, actor: Actor) -> None:
    from privacy.disposal.holds.placing import release_hold, review_hold
    from privacy.disposal.models import Hold

    first, second = hold(plant("free"), now, actor), hold(plant("still"), now, actor)
    later = now + timedelta(days=40)
    with undone():
        release_hold(hold=first, now=now, actor=actor)
        review_hold(hold=second, review_at=later, ends_at=later, now=now, actor=actor)
    assert replay(now=now, actor=actor).kinds["hold"]["released"] == 1
    assert Hold.objects.get(pk=first.pk).released_at == now
    assert Hold.objects.get(pk=second.pk).review_at == later


def test_a_hold_on_a_category_of_everybody_is_placed_again(journal: Path, now: datetime, actor: Actor) -> None:
    from privacy.datamap import graph
    from privacy.disposal.models import Hold

    category = next(declared.category for declared in graph.declared() if declared.label == "host.Order")
    with undone():
        hold(None, now, actor, categories=[category])
    replay(now=now, actor=actor)
    assert Hold.objects.get().categories == [category]
