"""The live checks about notices: a breach breaks the promise, its mending keeps it, no change leaves it unanswered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.core.registries import CheckContext, Promised, Status, hourly_steps, live_checks
from privacy.messages.models import Mailing
from privacy.messages.services import pause, resume
from privacy.policies.models import PolicyAnnouncement, PolicyDraft, PolicyNotice, PolicyVersion
from privacy.policies.queries import draft_view
from privacy.policies.services import NoNote, publish, write_draft
from tests.policies.conftest import GOOD
from tests.policies.test_clocks import CPT, DAY, HVR, with_policies

Publish = Callable[..., PolicyVersion]
NAMES = (
    "lead_kept",
    "announced",
    "bounces_move_no_day",
    "dates_per_account",
    "new_users_at_once",
    "to_newest_address",
    "noted",
)


def ask(name: str, now: datetime, *, figure: str = "", **params: Any) -> Status:
    promise = Promised("TST-1-1", "§1", "It is told.", figure=figure, params=params)
    return live_checks.get(f"policies.{name}").run(CheckContext(now, promise)).status


@pytest.fixture
def change(profile: Callable[..., None], published: Publish, now: datetime, actor: Actor) -> Publish:
    """The next version on a site with these rules: ``change(HVR, at=now + DAY, note="")``."""

    def make(table: str, *, at: datetime = now, **others: Any) -> PolicyVersion:
        profile(with_policies(table))
        if not PolicyVersion.objects.exists():
            published()
        given = {"note": "Another paragraph.", "text": GOOD + f"\nAnother paragraph, {at}.\n"} | others
        draft: PolicyDraft = write_draft(
            document="privacy", language="en", title="", form="markdown", revised_on=None, now=at, actor=actor, **given
        )
        return publish(draft=draft, digest=draft_view(draft).digest, now=at, actor=actor)

    return make


def test_a_change_that_binds_inside_its_lead_breaks_the_promise_and_a_reason_or_a_longer_one_keeps_it(
    change: Publish, now: datetime
) -> None:
    assert ask("lead_kept", now, figure="P30D") == Status.CANNOT_TELL
    change("[policies]\n")
    assert ask("lead_kept", now, figure="P30D") == Status.BROKEN
    change(HVR)
    assert ask("lead_kept", now + 30 * DAY, figure="P30D") == Status.KEPT
    assert ask("lead_kept", now + 30 * DAY, figure="P31D") == Status.BROKEN
    change(HVR, at=now + 60 * DAY, effective_from=now + 61 * DAY, early_reason="A court ordered it.")
    assert ask("lead_kept", now + 61 * DAY, figure="P31D") == Status.KEPT


def test_a_mail_that_may_bind_somebody_sooner_than_the_lead_breaks_the_promise(change: Publish, now: datetime) -> None:
    change(CPT.replace('posting_lead = "P2D"', 'posting_lead = "P30D"'))
    assert ask("lead_kept", now, figure="P30D") == Status.BROKEN


def test_thirty_days_are_counted_from_the_mail_that_goes_before_the_page(
    change: Publish, settings: Any, now: datetime
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    mail = '[policies]\nchannels = ["email"]\neffect = "earlier"\nemail_lead = "P30D"\nposting_lead = "P25D"\n'
    change(mail, post_at=now + 10 * DAY)
    assert ask("lead_kept", now, figure="P30D") == Status.KEPT
    assert ask("lead_kept", now, figure="P31D") == Status.BROKEN


def test_mails_that_were_never_begun_or_halted_break_the_promise_and_are_mended_by_the_hour_or_a_hand(
    change: Publish, now: datetime, actor: Actor
) -> None:
    change(HVR)
    assert ask("announced", now) == Status.KEPT
    mailing = Mailing.objects.get()
    pause(mailing=mailing, now=now, actor=actor)
    assert ask("announced", now) == Status.BROKEN
    resume(mailing=mailing, now=now, actor=actor)
    assert ask("announced", now) == Status.KEPT
    PolicyAnnouncement.objects.all().delete()
    Mailing.objects.all().delete()
    assert ask("announced", now) == Status.BROKEN
    hourly_steps.get("policies.announce").run(now, actor)
    assert ask("announced", now) == Status.KEPT


def test_a_bounce_that_lost_its_day_breaks_the_promise(change: Publish, now: datetime) -> None:
    version = change(CPT)
    notice = PolicyNotice.objects.create(version=version, user_key="7", dispatched_at=now)
    PolicyNotice.objects.create(version=version, user_key="8", bounced_at=now)
    assert ask("bounces_move_no_day", now) == Status.BROKEN
    PolicyNotice.objects.update(dispatched_at=now, bounced_at=now)
    assert ask("bounces_move_no_day", now) == Status.KEPT
    assert notice.pk


@pytest.mark.parametrize(
    "wrong",
    [
        "[policies]\n",
        HVR,
        CPT.replace('posting_lead = "P2D"', 'posting_lead = "P1D"'),
        CPT.replace('email_lead = "P2D"', 'email_lead = "PT1H"'),
    ],
)
def test_a_change_by_another_clock_than_the_promised_breaks_the_promise_and_the_next_keeps_it(
    change: Publish, now: datetime, wrong: str
) -> None:
    change(wrong)
    assert ask("dates_per_account", now, figure="P2D", email="P1D") == Status.BROKEN
    change(CPT.replace('email_lead = "P2D"', 'email_lead = "P1D"'), at=now + DAY)
    assert ask("dates_per_account", now + 3 * DAY, figure="P2D", email="P1D") == Status.KEPT


def test_new_accounts_that_keep_an_old_version_break_the_promise(change: Publish, now: datetime) -> None:
    change(CPT.replace('new_users = "at_once"', 'new_users = "with_effect"'))
    assert ask("new_users_at_once", now) == Status.BROKEN
    change(CPT, at=now + DAY)
    assert ask("new_users_at_once", now + 4 * DAY) == Status.KEPT


def test_a_notice_to_an_old_address_breaks_the_promise(change: Publish, now: datetime) -> None:
    version = change(CPT)
    PolicyNotice.objects.create(version=version, user_key="7", dispatched_at=now, newest=False)
    assert ask("to_newest_address", now) == Status.BROKEN
    PolicyNotice.objects.update(newest=True)
    assert ask("to_newest_address", now) == Status.KEPT


def test_a_change_without_a_note_breaks_the_promise_and_the_next_with_one_keeps_it(
    change: Publish, now: datetime
) -> None:
    change("[policies]\n", note="")
    assert ask("noted", now) == Status.BROKEN
    change("[policies]\n", at=now + DAY)
    assert ask("noted", now + DAY) == Status.KEPT


@pytest.mark.parametrize("name", NAMES)
def test_a_first_version_changes_nothing_and_leaves_them_without_an_answer(
    published: Publish, now: datetime, name: str
) -> None:
    assert ask(name, now) == Status.CANNOT_TELL
    published()
    assert ask(name, now) == Status.CANNOT_TELL


@pytest.fixture
def other_site() -> Iterator[Any]:
    """Another site of the same owner: ``other_site.text`` is what it gives out; None is nothing."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = serving.text if self.path == "/privacy/documents/privacy/en/1.txt" else None  # type: ignore[attr-defined]
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write((found or "").encode())

        def log_message(self, *args: Any) -> None:
            pass

    serving = HTTPServer(("127.0.0.1", 0), Page)
    serving.text = None  # type: ignore[attr-defined]
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    serving.server_close()
    thread.join(10)


def test_a_site_that_shows_another_text_breaks_the_promise_and_the_same_text_mends_it(
    profile: Callable[..., None], published: Publish, now: datetime, other_site: Any
) -> None:
    assert ask("same_on_every_site", now) == Status.CANNOT_TELL
    version = published()
    assert ask("same_on_every_site", now) == Status.KEPT
    profile(with_policies(f'[policies]\nsites = ["http://127.0.0.1:{other_site.server_port}/"]\n'))
    assert ask("same_on_every_site", now) == Status.BROKEN
    other_site.text = version.text + " "
    assert ask("same_on_every_site", now) == Status.BROKEN
    other_site.text = version.text
    assert ask("same_on_every_site", now) == Status.KEPT


def test_a_site_that_does_not_answer_leaves_the_question_open(
    profile: Callable[..., None], published: Publish, now: datetime
) -> None:
    published()
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    profile(with_policies(f'[policies]\nsites = ["http://127.0.0.1:{port}"]\n'))
    assert ask("same_on_every_site", now) == Status.CANNOT_TELL


def test_a_draft_without_a_note_is_not_published_where_the_page_is_to_say_what_changed(
    change: Publish,
) -> None:
    with pytest.raises(NoNote) as refused:
        change('[policies]\nchannels = ["posting", "note"]\n', note="")
    assert refused.value.field == "note"
