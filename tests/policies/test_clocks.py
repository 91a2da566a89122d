"""From when a version binds whom, as a table of cases; and that nothing binds sooner without a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.core.actors import Actor
from privacy.core.periods import Period
from privacy.policies.binding import binds_everybody_from, versions_binding
from privacy.policies.clocks import Effect, TooEarly, binds_from
from privacy.policies.models import PolicyDraft, PolicyNotice, PolicyVersion
from privacy.policies.queries import announced, current, draft_view
from privacy.policies.rules import EffectRule, NewUsers, PolicyRules, WrongPolicyRules
from privacy.policies.services import (
    BeforePosting,
    NoMailToGoFirst,
    publish,
    publish_due,
    schedule,
    withdraw,
    write_draft,
)
from privacy.promises.faults import WrongProfile
from tests.policies.conftest import GOOD, PROFILE

DAY = timedelta(days=1)
#: 10 September, 09:00 in Berlin.
POSTED = datetime(2026, 9, 10, 7, 0, tzinfo=UTC)

HVR = '[policies]\nchannels = ["posting", "email"]\neffect = "notice"\nlead = "P30D"\n'
CPT = (
    '[policies]\nchannels = ["posting", "email", "banner"]\neffect = "earlier"\n'
    'email_lead = "P2D"\nposting_lead = "P2D"\nnew_users = "at_once"\n'
)


def with_policies(table: str) -> str:
    return PROFILE.replace("[closure]", f"{table}\n[closure]")


def cpt(email_lead: int = 2) -> Effect:
    return Effect(
        EffectRule.EARLIER, email_lead=Period(days=email_lead), posting_lead=Period(days=2), new_users=NewUsers.AT_ONCE
    )


@pytest.mark.parametrize(
    ("case", "email_lead", "dispatched", "joined", "expected"),
    [
        ("mail first, two days before the page", 2, -2, None, 0),
        ("mail first, the other reading of the figure", 1, -2, None, -1),
        ("posting first, the mail a day later", 2, 1, None, 2),
        ("posting first, the mail a day later, the other reading", 1, 0.5, None, 1.5),
        ("posting first, the mail too late to matter", 2, 30, None, 2),
        ("at the same moment", 2, 0, None, 2),
        ("at the same moment, the other reading", 1, 0, None, 1),
        ("no address: posting alone counts", 2, None, None, 2),
        ("no address, the other reading", 1, None, None, 2),
        ("new user: at once", 2, None, 0.25, 0.25),
        ("new user who was mailed all the same", 2, 0.5, 0.25, 0.25),
        ("an account of before the posting is no new one", 2, None, -10, 2),
    ],
)
def test_cpts_date_is_right_per_user(
    case: str, email_lead: int, dispatched: float | None, joined: float | None, expected: float
) -> None:
    found = binds_from(
        cpt(email_lead),
        posted_at=POSTED,
        dispatched_at=None if dispatched is None else POSTED + dispatched * DAY,
        joined_at=None if joined is None else POSTED + joined * DAY,
    )
    assert found == POSTED + expected * DAY, case


def test_days_are_those_of_the_sites_calendar(settings: Any) -> None:
    """The clocks go back in between: two calendar days are an hour longer than 48 hours."""
    posted = datetime(2026, 10, 24, 7, 0, tzinfo=UTC)  # 09:00 in Berlin, summer time
    assert binds_from(cpt(), posted_at=posted) == datetime(2026, 10, 26, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("effect", "joined", "expected"),
    [
        (Effect(EffectRule.NOTICE, lead=Period(days=30)), None, 30),
        (Effect(EffectRule.NOTICE, lead=Period(days=30)), 3, 30),
        (Effect(EffectRule.NOTICE, lead=Period(days=30)), 40, 40),
        (Effect(EffectRule.NOTICE, lead=Period(days=30), new_users=NewUsers.AT_ONCE), 3, 3),
        (Effect(), None, 0),
        (Effect(), 3, 3),
        (Effect(begins=POSTED + 7 * DAY), None, 7),
        (Effect(EffectRule.NOTICE, lead=Period(days=30), begins=POSTED + 5 * DAY, early=True), None, 5),
        (Effect(EffectRule.NOTICE, lead=Period(days=30), begins=POSTED + 45 * DAY), None, 45),
        # Whoever writes an earlier day into the table, without a reason, brings nothing forward.
        (Effect(EffectRule.NOTICE, lead=Period(days=30), begins=POSTED + 5 * DAY), None, 30),
    ],
)
def test_a_new_user_keeps_the_old_version_until_the_effect_unless_the_site_binds_them_at_once(
    effect: Effect, joined: int | None, expected: int
) -> None:
    found = binds_from(effect, posted_at=POSTED, joined_at=None if joined is None else POSTED + joined * DAY)
    assert found == POSTED + expected * DAY
    assert Effect.read(effect.stored()) == effect


def test_a_mail_before_the_page_is_the_first_notice() -> None:
    effect = Effect(EffectRule.NOTICE, lead=Period(days=30))
    assert binds_from(effect, posted_at=POSTED, dispatched_at=POSTED - 10 * DAY) == POSTED + 20 * DAY
    assert binds_from(effect, posted_at=POSTED, dispatched_at=POSTED + 10 * DAY) == POSTED + 30 * DAY


@pytest.fixture
def second(draft: Callable[..., PolicyDraft], now: datetime, actor: Actor) -> Callable[..., PolicyDraft]:
    """A draft of the next version: ``second(effective_from=…, early_reason=…)``."""

    def make(**others: Any) -> PolicyDraft:
        return write_draft(
            document="privacy",
            language="en",
            title="",
            form="markdown",
            text=GOOD + "\nAnother paragraph.\n",
            revised_on=None,
            note="Another paragraph.",
            now=now,
            actor=actor,
            **others,
        )

    return make


def put_out(draft: PolicyDraft, now: datetime, actor: Actor) -> PolicyVersion:
    return publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)


def test_hvr_refuses_effect_inside_30_days_without_a_reason(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    profile(with_policies(HVR))
    first = published()
    assert binds_everybody_from(first) == now
    with pytest.raises(TooEarly, match="2026-04-15 11:00 UTC") as refused:
        put_out(second(effective_from=now + 29 * DAY), now, actor)
    assert refused.value.field == "early_reason"
    with pytest.raises(TooEarly):
        put_out(second(effective_from=now + 29 * DAY, early_reason=" \n "), now, actor)
    early = second(effective_from=now + 29 * DAY)
    with pytest.raises(TooEarly):
        schedule(draft=early, digest=draft_view(early).digest, at=now + DAY, now=now, actor=actor)
    assert PolicyVersion.objects.count() == 1
    version = put_out(second(effective_from=now + 5 * DAY, early_reason="A court ordered it."), now, actor)
    assert binds_everybody_from(version) == now + 5 * DAY
    assert version.early_reason == "A court ordered it."


def test_thirty_days_or_later_need_no_reason_and_keep_none(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    profile(with_policies(HVR))
    published()
    version = put_out(second(effective_from=now + 60 * DAY, early_reason="Not needed."), now, actor)
    assert (binds_everybody_from(version), version.early_reason) == (now + 60 * DAY, "")


def test_nothing_binds_before_it_can_be_read(second: Callable[..., PolicyDraft], now: datetime, actor: Actor) -> None:
    with pytest.raises(BeforePosting):
        put_out(second(effective_from=now - DAY, early_reason="Sooner."), now, actor)


def test_a_scheduled_publication_that_would_bind_too_early_by_then_is_called_off(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    published()
    draft = second(effective_from=now + 10 * DAY)
    schedule(draft=draft, digest=draft_view(draft).digest, at=now + DAY, now=now, actor=actor)
    profile(with_policies(HVR))
    assert publish_due(now=now + DAY, actor=actor) == {"published": 0, "refused": 1}
    draft.refresh_from_db()
    assert draft.publish_at is None
    assert "sooner than the profile promises" in draft.refusal


def test_the_rule_is_frozen_with_the_version(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    profile(with_policies(HVR))
    published()
    version = put_out(second(), now, actor)
    profile(with_policies(HVR.replace("P30D", "P90D")))
    version.refresh_from_db()
    # Berlin changed its clocks on 29 March; the wall shows the same hour.
    assert binds_everybody_from(version) == now + 30 * DAY - timedelta(hours=1)


def test_the_page_shows_the_version_in_force_and_tells_of_the_one_that_is_announced(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    profile(with_policies(HVR))
    first = published()
    version = put_out(second(), now, actor)
    assert current("privacy", ["en"], now + 29 * DAY) == first
    assert announced("privacy", now + 29 * DAY) == {"en": version}
    assert current("privacy", ["en"], now + 30 * DAY) == version
    assert announced("privacy", now + 30 * DAY) == {}


def test_what_new_users_are_bound_by_at_once_is_what_the_page_shows_at_once(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    profile(with_policies(CPT))
    first = published()
    version = put_out(second(), now + 10 * DAY, actor)
    later = now + 11 * DAY
    assert current("privacy", ["en"], later) == version
    assert announced("privacy", later) == {"en": version}
    old = versions_binding(user_key="7", joined_at=now - DAY, now=later)["privacy"]
    assert (old.version, old.coming, old.coming_from) == (first, version, binds_everybody_from(version))
    new = versions_binding(user_key="8", joined_at=now + 10 * DAY + timedelta(hours=1), now=later)["privacy"]
    assert (new.version, new.coming) == (version, None)
    assert versions_binding(now=later)["privacy"].version == version


def test_a_mail_brings_the_day_of_its_own_reader_forward(
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    profile(with_policies(CPT.replace('email_lead = "P2D"', 'email_lead = "P1D"')))
    published()
    version = put_out(second(), now, actor)
    PolicyNotice.objects.create(version=version, user_key="7", dispatched_at=now)
    at = now + 1.5 * DAY
    with CaptureQueriesContext(
        connection,
    ) as queries:
        bound = versions_binding(user_key="7", joined_at=now - DAY, now=at)["privacy"]
    assert len(queries) == 3
    assert (bound.version, bound.since) == (version, now + DAY)
    assert versions_binding(user_key="8", joined_at=now - DAY, now=at)["privacy"].version.number == 1


def test_a_version_that_was_withdrawn_binds_nobody(
    published: Callable[..., PolicyVersion], second: Callable[..., PolicyDraft], now: datetime, actor: Actor
) -> None:
    first = published()
    version = put_out(second(), now, actor)
    assert versions_binding(user_key="7", joined_at=now - DAY, now=now)["privacy"].version == version
    withdraw(version=version, reason="A mistake.", now=now, actor=actor)
    assert versions_binding(user_key="7", joined_at=now - DAY, now=now)["privacy"].version == first


def test_a_translation_binds_nobody_by_itself(published: Callable[..., PolicyVersion], now: datetime) -> None:
    published(language="de")
    english = published()
    published(language="de")
    assert versions_binding(user_key="7", now=now)["privacy"].version == english


def test_mails_may_go_before_the_page_where_the_profile_sends_any(
    settings: Any,
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    second: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    published()
    with pytest.raises(NoMailToGoFirst):
        put_out(second(post_at=now + 5 * DAY), now, actor)
    profile(with_policies(CPT))
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    version = put_out(second(post_at=now + 5 * DAY), now, actor)
    assert (version.announced_at, version.published_at) == (now, now + 5 * DAY)
    assert current("privacy", ["en"], now + 4 * DAY).number == 1
    assert current("privacy", ["en"], now + 5 * DAY) == version
    PolicyNotice.objects.create(version=version, user_key="7", dispatched_at=now)
    assert versions_binding(user_key="7", joined_at=now - DAY, now=now + 2 * DAY)["privacy"].version == version
    untold = versions_binding(user_key="8", joined_at=now - DAY, now=now + 2 * DAY)["privacy"]
    assert (untold.version.number, untold.coming) == (1, None)


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ({"effekt": "notice"}, "policies.effekt"),
        ({"effect": "soon"}, "policies.effect"),
        ({"channels": ["pigeon"]}, "policies.channels"),
        ({"channels": "email"}, "policies.channels"),
        ({"companions": {"Privacy": ["terms"]}}, "policies.companions"),
        ({"companions": ["terms"]}, "policies.companions"),
        ({"sites": ["example.org"]}, "policies.sites"),
        ({"acceptance": {"signup": "sure"}}, "policies.acceptance.signup"),
        ({"acceptance": {"continued_use": "yes"}}, "policies.acceptance.continued_use"),
        ({"acceptance": {"login": "express"}}, "policies.acceptance.login"),
    ],
)
def test_a_word_that_is_not_known_is_refused_by_its_name(table: dict[str, Any], names: str) -> None:
    with pytest.raises(WrongPolicyRules) as refused:
        PolicyRules.parse(table)
    assert refused.value.field == names


PROMISED = """
[[promise]]
id = "TST-3-1"
clause = "§14"
kind = "duty"
says = "A change is told thirty days before."
check = "policies.dated"
figure = "P30D"
bound = "floor"
setting = "policies.lead"
"""


@pytest.mark.parametrize("table", [HVR.replace("P30D", "P29D"), HVR.replace('"notice"', '"posting"'), CPT])
def test_a_lead_that_is_shorter_than_promised_is_refused(profile: Callable[..., None], table: str) -> None:
    profile(with_policies(HVR) + PROMISED)
    with pytest.raises(WrongProfile, match="TST-3-1: figure: P30D is promised as a floor"):
        profile(with_policies(table) + PROMISED)
