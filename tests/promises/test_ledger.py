"""Asking the live checks: four answers, no check stops another, and the history tells since when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Finding, NightContext, Status, live_checks, night_steps
from privacy.promises import queries
from privacy.promises.models import PromiseResult, PromiseRun, SiteFacts
from privacy.promises.night import check_all
from privacy.promises.services import HISTORY_KEPT, LoadedProfile, check_promises, prune_history

from .conftest import PROFILE, Kitchen

Load = Callable[..., LoadedProfile]
DAY = timedelta(days=1)


def statuses(**kwargs: object) -> dict[str, Status]:
    return {row.code: row.status for row in queries.ledger().rows}


def test_a_planted_breach_is_broken_and_its_mending_kept(
    load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    load()
    kitchen.says("kitchen.fridge_empty", Finding.broken("An old pot stands there.", "1 of 3 pots"))
    assert check_promises(now=now, actor=actor).counts == {"kept": 1, "broken": 1, "cannot_tell": 0, "not_promised": 0}
    kitchen.says("kitchen.fridge_empty", Finding.kept("The fridge is empty."))
    assert check_promises(now=now + DAY, actor=actor).counts["kept"] == 2
    assert statuses() == {"EXA-1-1": Status.KEPT, "EXA-2-1": Status.KEPT}


def test_a_check_without_data_cannot_tell(load: Load, kitchen: Kitchen, now: datetime, actor: Actor) -> None:
    load()
    kitchen.says("kitchen.guests_asked", Finding.cannot_tell("No guest ever came."))
    row = check_promises(now=now, actor=actor).rows[1]
    assert (row.status, row.why) == (Status.CANNOT_TELL, "No guest ever came.")


def test_what_the_site_never_promised_is_listed_under_the_check(
    load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    load()
    kitchen.register("kitchen.cellar_locked", "Is the cellar locked?", Finding.broken("It stands open."))
    row = check_promises(now=now, actor=actor).rows[-1]
    assert (row.code, row.says, row.status) == ("kitchen.cellar_locked", "Is the cellar locked?", Status.NOT_PROMISED)
    assert row.clause == ""
    assert row.check == "kitchen.cellar_locked"


def test_without_a_profile_nothing_is_promised(kitchen: Kitchen, now: datetime, actor: Actor, db: None) -> None:
    ledger = check_promises(now=now, actor=actor)
    assert ledger.site == ""
    assert ledger.counts == {"kept": 0, "broken": 0, "cannot_tell": 0, "not_promised": 2}


def test_a_check_gets_the_promise_and_the_moment(load: Load, kitchen: Kitchen, now: datetime, actor: Actor) -> None:
    load(('clause = "§1"', 'clause = "§1"\nparams = { shelves = ["top"] }'))
    check_promises(now=now, actor=actor)
    context = kitchen.asked[0]
    assert context.now == now
    assert (context.promise.code, context.promise.figure, context.promise.bound) == ("EXA-1-1", "P1M", "ceiling")
    assert context.promise.params == {"shelves": ["top"]}


def test_a_check_that_fails_stops_no_other_and_tells_only_its_class(
    load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    class Confusion(Exception):
        pass

    def fail(context: CheckContext) -> Finding:
        raise Confusion("alice@example.org")

    load()
    kitchen.answers["kitchen.fridge_empty"] = fail
    first, second = check_promises(now=now, actor=actor).rows
    assert first.status == Status.CANNOT_TELL
    assert "Confusion" in first.why
    assert "alice" not in first.why
    assert second.status == Status.KEPT


def test_a_check_that_writes_is_found_out_and_writes_nothing(
    load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    def write(context: CheckContext) -> Finding:
        SiteFacts.objects.update(name="somebody else")
        return Finding.kept("I tidied up a little.")

    load()
    kitchen.answers["kitchen.fridge_empty"] = write
    first, second = check_promises(now=now, actor=actor).rows
    assert first.status == Status.CANNOT_TELL
    assert second.status == Status.KEPT
    assert SiteFacts.objects.get().name == "Example Coop"


@pytest.mark.parametrize(
    ("one", "other", "worst", "why"),
    [
        (Finding.kept("Fine.", "3"), Finding.broken("Bad."), Status.BROKEN, "Bad."),
        (Finding.kept("Fine."), Finding.cannot_tell("Unknown."), Status.CANNOT_TELL, "Unknown."),
        (Finding.cannot_tell("Unknown."), Finding.broken("Bad.", "2 of 9"), Status.BROKEN, "Bad (2 of 9)."),
        (Finding.kept("Fine.", "3 pots"), Finding.kept("Good."), Status.KEPT, "Fine (3 pots). Good."),
    ],
)
def test_of_two_answers_to_one_promise_the_worst_counts(
    one: Finding, other: Finding, worst: Status, why: str, load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    load(('check = "kitchen.fridge_empty"', 'check = ["kitchen.fridge_empty", "kitchen.guests_asked"]'))
    kitchen.says("kitchen.fridge_empty", one)
    kitchen.says("kitchen.guests_asked", other)
    row = check_promises(now=now, actor=actor).rows[0]
    assert (row.status, row.why) == (worst, why)
    assert row.check == "kitchen.fridge_empty + kitchen.guests_asked"


def test_a_record_that_no_room_keeps_yet_is_named(load: Load, now: datetime, actor: Actor) -> None:
    load(('"kitchen.guests_asked"', '"guests.book_signed"\nneeds = "a guest book"'))
    row = check_promises(now=now, actor=actor).rows[1]
    assert row.status == Status.CANNOT_TELL
    assert "a guest book" in row.why
    assert "guests.book_signed" in row.why


def test_a_missing_record_is_forgotten_once_a_room_answers(
    load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    load(('"kitchen.guests_asked"', '"guests.book_signed"\nneeds = "a guest book"'))
    kitchen.register("guests.book_signed", "Did all guests sign?", Finding.kept("All signed."))
    assert check_promises(now=now, actor=actor).rows[1].why == "All signed."


def test_a_check_that_vanished_with_an_upgrade_cannot_tell(load: Load, now: datetime, actor: Actor) -> None:
    load()
    live_checks.remove("kitchen.guests_asked")
    row = check_promises(now=now, actor=actor).rows[1]
    assert row.status == Status.CANNOT_TELL
    assert "kitchen.guests_asked" in row.why


def test_the_ledger_says_since_when_a_promise_is_broken(
    load: Load, kitchen: Kitchen, now: datetime, actor: Actor
) -> None:
    load()
    bad = Finding.broken("An old pot stands there.")
    for day, answer in enumerate([bad, Finding.kept("Empty."), bad, bad]):
        kitchen.says("kitchen.fridge_empty", answer)
        check_promises(now=now + day * DAY, actor=actor)
    first, second = queries.ledger().rows
    assert first.since == now + 2 * DAY
    assert second.since == now
    assert [moment.status for moment in queries.history("EXA-1-1")] == ["broken", "broken", "kept", "broken"]


def test_the_findings_of_a_run_are_saved_in_one_insert(
    load: Load, now: datetime, actor: Actor, django_assert_num_queries: Callable[..., object]
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    load()
    with CaptureQueriesContext(connection) as captured:
        check_promises(now=now, actor=actor)
    table = PromiseResult._meta.db_table
    inserts = [query["sql"] for query in captured if query["sql"].startswith(f'INSERT INTO "{table}"')]
    assert len(inserts) == 1


def test_a_run_keeps_counts_and_who_asked_but_never_which_person(load: Load, now: datetime) -> None:
    load()
    check_promises(now=now, actor=Actor("staff", key="4711"))
    run = PromiseRun.objects.get()
    assert (run.kept, run.broken, run.cannot_tell, run.not_promised) == (2, 0, 0, 0)
    assert run.asked_by == "staff"
    assert [run.kept for run in queries.trend()] == [2]


def test_broken_promises_come_first_on_the_screen(load: Load, kitchen: Kitchen, now: datetime, actor: Actor) -> None:
    load()
    kitchen.says("kitchen.guests_asked", Finding.broken("One was not."))
    ledger = check_promises(now=now, actor=actor)
    assert [row.code for row in ledger.worst_first] == ["EXA-2-1", "EXA-1-1"]
    assert [row.code for row in ledger.rows] == ["EXA-1-1", "EXA-2-1"]


# --- the night --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2])
def test_a_profile_loaded_while_the_promises_are_read_is_not_mixed_with_the_former(
    step: int, load: Load, now: datetime, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between any two of the reads: the site, its promises, the site again."""
    load()
    real, asked = queries.site, []

    def site() -> SiteFacts | None:
        asked.append(step)
        if len(asked) == step == 2:
            load(text=PROFILE.replace("EXA", "OTH"))
        row = real()
        if len(asked) == step == 1:
            load(text=PROFILE.replace("EXA", "OTH"))
        return row

    monkeypatch.setattr(queries, "site", site)
    ledger = check_promises(now=now, actor=actor)
    assert (ledger.site, {row.code[:3] for row in ledger.rows}) == ("OTH", {"OTH"})
    assert not queries.ledger().stale


def test_pruning_costs_the_same_whatever_the_number_of_runs(load: Load, now: datetime, actor: Actor) -> None:
    load()
    for number in range(12):
        check_promises(now=datetime(2023, 1, 1, tzinfo=UTC) + number * DAY, actor=actor)
    with CaptureQueriesContext(connection) as asked:
        assert prune_history(now=now) == 11
    assert len(asked) < 10
    assert PromiseResult.objects.count() == 2


def night(now: datetime, *, dry_run: bool = False) -> NightContext:
    return NightContext(
        now=now,
        horizon=now + DAY,
        run=uuid4(),
        dry_run=dry_run,
        actor=Actor.system("night"),
        progress=lambda counts, cursor=None: None,
    )


def test_every_night_ends_with_the_ledger(load: Load, now: datetime) -> None:
    load()
    report = check_all(night(now))
    assert report.counts["kept"] == 2
    assert queries.ledger().checked_at == now
    step = night_steps.get("promises.ledger")
    assert (step.order, step.destroys) == (900, False)
    behind = [other.name for other in night_steps if other.order > step.order]
    assert behind == ["evidence.seal"]  # which seals what the others wrote


def test_a_dry_night_asks_and_saves_nothing(load: Load, now: datetime) -> None:
    load()
    assert check_all(night(now, dry_run=True)).counts["kept"] == 2
    assert not PromiseRun.objects.exists()


def test_old_findings_go_and_the_latest_of_a_site_stays(load: Load, now: datetime, actor: Actor) -> None:
    load()
    assert HISTORY_KEPT.months == 25
    for moment in (datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)):
        check_promises(now=moment, actor=actor)
    assert prune_history(now=now) == 1
    assert [run.checked_at.year for run in PromiseRun.objects.all()] == [2024]
    check_promises(now=now, actor=actor)
    assert prune_history(now=now) == 1
    assert PromiseResult.objects.count() == 2


def test_pruning_does_not_shorten_how_long_a_status_lasts(load: Load, now: datetime, actor: Actor) -> None:
    load()
    first = datetime(2023, 1, 1, tzinfo=UTC)
    check_promises(now=first, actor=actor)
    check_promises(now=now, actor=actor)
    prune_history(now=now)
    check_promises(now=now + DAY, actor=actor)
    assert queries.ledger().rows[0].since == first
