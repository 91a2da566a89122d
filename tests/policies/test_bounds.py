"""A published figure binds what is set, until a later version binds everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction

from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.core.registries import profile_sections
from privacy.evidence import triggers
from privacy.policies.binding import binds_everybody_from
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import import_text, publish, publish_due, schedule, withdraw
from privacy.policies.site import site_of
from privacy.promises import queries
from privacy.promises.faults import WrongProfile
from privacy.promises.models import FrozenBound, ProfileTable, Promise
from privacy.promises.profiles import read_profile
from privacy.promises.services import WeakerThanPromised, load_profile, refuse_weaker
from tests.policies.conftest import GOOD, PROFILE

DAY = timedelta(days=1)
#: A change binds thirty days after it was posted, as one of the real sites promises (HVR-14-1).
NOTICE = PROFILE + '\n[policies]\neffect = "notice"\nlead = "P30D"\n'


def weaker_profile(text: str = PROFILE) -> str:
    """Two months instead of one, promised and set."""
    return text.replace('"P1M"', '"P2M"')


def refused(setting: str, period: str, now: datetime) -> str:
    """What the refusal says; empty where the period is allowed."""
    try:
        refuse_weaker(setting=setting, period=Period.parse(period), field="period", now=now)
    except WeakerThanPromised as refusal:
        return str(refusal)
    return ""


def errors(code: str = "privacy.E204") -> list[str]:
    return [message.msg for message in run_checks(databases=["default"]) if message.id == code]


@pytest.fixture
def publish_with(tmp_path: Path, now: datetime, actor: Actor) -> Callable[..., PolicyVersion]:
    """Publish a text whose figures come from a profile that is not loaded."""

    def make(profile: str, text: str = GOOD, *, at: datetime = now, language: str = "en") -> PolicyVersion:
        path = tmp_path / "new.toml"
        path.write_text(profile, encoding="utf-8")
        site = site_of(read_profile(path))
        import_text(raw=text.encode(), document="privacy", language=language, site=site, now=at, actor=actor)
        draft = PolicyDraft.objects.get(document_id="privacy", language=language)
        return publish(draft=draft, digest=draft_view(draft).digest, now=at, actor=actor)

    return make


# --- what is written down ---------------------------------------------------------------------


def test_a_figure_is_written_down_with_its_promise_its_setting_and_the_heading_above_it(
    published: Callable[..., PolicyVersion], now: datetime
) -> None:
    published()
    row = FrozenBound.objects.get()
    assert (row.version, row.code, row.clause, row.heading) == ("privacy.en.1", "TST-2-1", "§2", "Backups")
    assert (row.setting, row.figure, row.bound, row.frozen_at) == ("backups.kept_for", "P1M", "ceiling", now)


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ('Gone in {{ promise "TST-2-1" }}.\n\n# One\n\nWrite to privacy@example.org.', ""),
        ('# One\n\nAsk.\n\n## Two & *more*\n\nGone in {{ promise "TST-2-1" }}. privacy@example.org', "Two & more"),
        ('# After {{ promise "TST-2-1" }}\n\nGone. privacy@example.org', "After …"),
        ('# One\n\n| a | b |\n|---|---|\n| c | {{ promise "TST-2-1" }} |\n\n# Two\n\nprivacy@example.org', "One"),
        ('# One\n\n{{ promise "TST-2-1" }}\n\n# Two\n\n{{ promise "backups.kept_for" }} privacy@example.org', "One"),
    ],
)
def test_the_heading_is_the_one_that_a_reader_sees_above_the_figure(
    published: Callable[..., PolicyVersion], text: str, heading: str
) -> None:
    published(text)
    assert FrozenBound.objects.get().heading == heading


def test_a_text_without_figures_and_a_figure_that_binds_nothing_write_nothing_down(
    published: Callable[..., PolicyVersion], profile: Callable[..., None]
) -> None:
    profile(
        PROFILE.replace(
            'check = "disposal.closed_accounts_empty"', 'check = "disposal.closed_accounts_empty"\nfigure = "P20D"'
        )
    )
    published('Within {{ promise "TST-1-1" }}. privacy@example.org')
    assert not FrozenBound.objects.exists()


def test_the_database_itself_refuses_to_change_what_is_bound(published: Callable[..., PolicyVersion]) -> None:
    published()
    connection.check_constraints()
    triggers.install("default")
    try:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE privacy_frozenbound SET figure = 'P9Y'")
    finally:
        triggers.remove("default")


# --- whom it binds, and how long --------------------------------------------------------------


def test_the_refusal_names_the_clause_the_heading_and_the_version(
    published: Callable[..., PolicyVersion], now: datetime
) -> None:
    published()
    assert refused("backups.kept_for", "P2M", now) == (
        'period: P2M may last longer than P1M, which §2 "Backups" of privacy.en.1 promises (TST-2-1). '
        "Choose a period that is never longer than P1M, on whatever day it begins, or publish a version with another "
        "figure first."
    )
    assert not refused("backups.kept_for", "P1M", now)
    assert not refused("backups.kept_for", "P1W", now)


def test_both_versions_bind_until_the_new_one_binds_everybody_and_then_the_new_one_alone(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    publish_with: Callable[..., PolicyVersion],
    now: datetime,
) -> None:
    profile(NOTICE)
    published()
    second = publish_with(weaker_profile(NOTICE), at=now + DAY)
    until = binds_everybody_from(second)
    old, new = queries.bounds("backups.kept_for", now=now + 2 * DAY)
    assert until > now + 30 * DAY
    assert (old.version, old.figure, old.until) == ("privacy.en.1", Period(months=1), until)
    assert (new.version, new.figure, new.until) == (second.pk, Period(months=2), None)
    # The profile in force still says a month; what it alone says is its own matter.
    last = queries.bounds("backups.kept_for", now=until - timedelta(seconds=1))
    assert [bound.version for bound in last] == ["privacy.en.1", second.pk]
    after = queries.bounds("backups.kept_for", now=until)
    assert [(bound.version, bound.figure) for bound in after] == [(second.pk, Period(months=2)), ("", Period(months=1))]


def test_a_stricter_version_binds_from_its_announcement(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime
) -> None:
    profile(NOTICE)
    published()
    profile(NOTICE.replace('"P1M"', '"P2W"'))
    published(at=now + DAY)
    assert "privacy.en.2" in refused("backups.kept_for", "P20D", now + 2 * DAY)


def test_withdrawing_a_version_lets_the_one_before_it_bind_again(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    publish_with: Callable[..., PolicyVersion],
    now: datetime,
    actor: Actor,
) -> None:
    published()
    second = publish_with(weaker_profile(), at=now + DAY)
    profile(weaker_profile(), at=now + DAY)
    assert not refused("backups.kept_for", "P2M", now + DAY)
    assert errors() == []
    withdraw(version=second, reason="The wrong file.", now=now + 2 * DAY, actor=actor)
    assert not refused("backups.kept_for", "P2M", now + DAY)
    assert "privacy.en.1" in refused("backups.kept_for", "P2M", now + 2 * DAY)


def test_a_translation_promises_as_much_as_the_text(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    publish_with: Callable[..., PolicyVersion],
    now: datetime,
) -> None:
    published()
    published(language="de")
    publish_with(weaker_profile(), at=now + DAY)
    assert "privacy.de.1" in refused("backups.kept_for", "P2M", now + 2 * DAY)
    publish_with(weaker_profile(), at=now + 3 * DAY, language="de")
    profile(weaker_profile(), at=now + 3 * DAY)
    assert not refused("backups.kept_for", "P2M", now + 3 * DAY)


def test_leaving_a_figure_out_of_the_text_is_a_new_version_as_well(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime
) -> None:
    profile(NOTICE)
    published()
    published("Write to privacy@example.org.", at=now + DAY)
    without = NOTICE[: NOTICE.index('[[promise]]\nid = "TST-2-1"')] + NOTICE[NOTICE.index("[policies]") :]
    with pytest.raises(WrongProfile, match=r"privacy\.en\.1 promises P1M"):
        profile(without, at=now + 2 * DAY)
    profile(without, at=now + 31 * DAY)


def test_reading_bounds_takes_as_many_queries_for_any_number_of_versions(
    published: Callable[..., PolicyVersion], now: datetime, django_assert_num_queries: Any
) -> None:
    published()
    with django_assert_num_queries(3):
        queries.bounds("backups.kept_for", now=now)
    for number in range(5):
        published(GOOD + f"\nLine {number}.\n")
    with django_assert_num_queries(3):
        queries.bounds("backups.kept_for", now=now)
    with django_assert_num_queries(2):
        queries.bounds("closure.after", now=now)


# --- the profile loader -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ([('"P1M"', '"P2M"')], "[[promise]] TST-2-1: figure"),
        ([('kept_for = "P1M"', 'kept_for = "P2M"'), ('figure = "P1M"', 'figure = "P2M"')], "[backups]: kept_for"),
        ([('kept_for = "P1M"', "")], "[backups]: kept_for"),
        ([('setting = "backups.kept_for"', "")], "[[promise]] TST-2-1: figure"),
        ([('bound = "ceiling"', 'bound = "floor"')], "[[promise]] TST-2-1: figure"),
    ],
)
def test_a_profile_that_weakens_the_version_in_force_is_refused_by_name_and_nothing_is_written(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    now: datetime,
    changes: list[tuple[str, str]],
    named: str,
) -> None:
    published()
    before = [list(model.objects.order_by("pk").values()) for model in (ProfileTable, Promise)]
    text = PROFILE
    for old, new in changes:
        text = text.replace(old, new)
    with pytest.raises(WrongProfile) as wrong:
        profile(text, at=now + DAY)
    said = str(wrong.value)
    assert named in said
    for word in ("§2", '"Backups"', "privacy.en.1", "TST-2-1", "Publish a version"):
        assert word in said
    assert [list(model.objects.order_by("pk").values()) for model in (ProfileTable, Promise)] == before


def test_a_stricter_profile_is_loaded_at_once(
    profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime
) -> None:
    published()
    profile(PROFILE.replace('"P1M"', '"P2W"').replace("TST-2-1", "TST-2-9"), at=now + DAY)
    assert queries.section("backups").kept_for == Period(days=14)
    assert errors() == []


def test_a_text_that_promises_more_than_is_set_is_not_published_before_the_setting(
    profile: Callable[..., None], publish_with: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    stricter = PROFILE.replace('"P1M"', '"P2W"')
    with pytest.raises(WeakerThanPromised, match=r"backups\.kept_for in this profile: P1M may last longer than P14D"):
        publish_with(stricter)
    assert not PolicyVersion.objects.exists()
    draft = PolicyDraft.objects.get()
    profile(stricter)
    schedule(draft=draft, digest=draft_view(draft).digest, at=now + DAY, now=now, actor=actor)
    profile(PROFILE)
    assert publish_due(now=now + DAY, actor=actor) == {"published": 0, "refused": 1}
    draft.refresh_from_db()
    assert "§2" in draft.refusal


def test_a_draft_keeps_the_profile_that_it_came_with_until_it_is_published(
    publish_with: Callable[..., PolicyVersion], profile: Callable[..., None]
) -> None:
    version = publish_with(weaker_profile())
    assert "kept for 2 months" in version.text
    assert queries.section("backups").kept_for == Period(months=1)


# --- what got weaker behind our back ----------------------------------------------------------


def test_check_finds_what_somebody_wrote_into_the_tables(
    published: Callable[..., PolicyVersion],
) -> None:
    published()
    assert errors() == []
    ProfileTable.objects.filter(name="backups").update(table={"kept_for": "P2M"})
    (problem,) = errors()
    for word in ("backups.kept_for in this profile is P2M", "P1M", "§2", '"Backups"', "privacy.en.1", "TST-2-1"):
        assert word in problem
    ProfileTable.objects.filter(name="backups").update(table={"kept_for": "P1M"})
    Promise.objects.filter(code="TST-2-1").update(figure="P2M")
    (problem,) = errors()
    assert "the profile says P2M" in problem
    Promise.objects.filter(code="TST-2-1").delete()
    (problem,) = errors()
    assert "the profile does not" in problem


def _registered() -> list[str]:
    """Every setting that a room names, and one of the categories that a site makes up itself."""
    return [*(name for section in profile_sections for name in section.settings), "retention.events"]


def _table(setting: str, figure: str) -> tuple[str, dict[str, Any]]:
    """The section of a profile that sets a setting to a figure: its key is the setting's own name."""
    section, _, key = setting.partition(".")
    if section == "retention":
        return section, {"periods": {key: figure}}
    shape = {"lead": "notice", "email_lead": "earlier", "posting_lead": "earlier"} if section == "policies" else {}
    return section, {key: figure, **({"effect": shape[key]} if key in shape else {})}


def _profile(setting: str, set_to: str, promised: str, bound: str) -> str:
    section, table = _table(setting, set_to)
    lines = []
    for key, value in table.items():
        inner = (
            f'{{ {next(iter(value))} = "{next(iter(value.values()))}" }}' if isinstance(value, dict) else f'"{value}"'
        )
        lines.append(f"{key} = {inner}")
    promise = (
        '[[promise]]\nid = "TST-9-1"\nclause = "§9"\nkind = "duty"\nsays = "It is so."\ncheck = "policies.unaltered"\n'
        f'figure = "{promised}"\nbound = "{bound}"\nsetting = "{setting}"\n'
    )
    head = PROFILE[: PROFILE.index("[closure]")]
    return f"{head}[{section}]\n" + "\n".join(lines) + f"\n\n{promise}"


@pytest.mark.parametrize("bound", ["ceiling", "floor"])
@pytest.mark.parametrize("setting", _registered())
def test_every_setting_that_a_promise_may_bind_is_bound_in_all_three_places(
    db: None, tmp_path: Path, now: datetime, actor: Actor, setting: str, bound: str
) -> None:
    """A new room's setting comes in by itself: it only has to be registered."""
    path = tmp_path / "site.toml"

    def load(set_to: str, promised: str) -> None:
        path.write_text(_profile(setting, set_to, promised, bound), encoding="utf-8")
        load_profile(path=path, now=now, actor=actor)

    weak, strict = ("P60D", "P20D") if bound == "ceiling" else ("P20D", "P60D")
    load("P30D", "P30D")
    text = f'# Time\n\nIt is {{{{ promise "{setting}" }}}}. privacy@example.org\n'
    import_text(raw=text.encode(), document="privacy", language="en", now=now, actor=actor)
    draft = PolicyDraft.objects.get()
    publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)

    said = refused(setting, weak, now)
    assert '§9 "Time" of privacy.en.1 promises (TST-9-1)' in said
    with pytest.raises(WrongProfile) as wrong:
        load(weak, weak)
    assert '§9 "Time" of privacy.en.1 promises P30D (TST-9-1)' in str(wrong.value)
    assert errors() == []
    section, table = _table(setting, weak)
    ProfileTable.objects.filter(name=section).update(table=table)
    assert [problem for problem in errors() if '§9 "Time" of privacy.en.1 promises (TST-9-1)' in problem]

    ProfileTable.objects.filter(name=section).update(table=_table(setting, "P30D")[1])
    load(strict, strict)
    assert not refused(setting, strict, now)
    assert errors() == []
