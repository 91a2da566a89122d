"""Must show: a sender that is killed, against a server that answers in every way.

A few hundred messages and three kills here; ``make crash-mail`` does 20,000 and twenty a database.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.crash.sites import Site
from tests.messages.conftest import Mailbox
from tests.messages.crashing import START, _states, kill_a_sender

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("PRIVACY_TEST_TRIGGERS")), reason="its site has its triggers in every run"
)
PEOPLE = 300


def test_a_sender_killed_at_random_moments_loses_nobody_and_writes_to_nobody_twice(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    found = kill_a_sender(tmp_path, people=PEOPLE, kills=3, seed=seed)
    print(f"seed {seed}: {found.states}, the server {dict(found.fates)}")
    assert found.faults(PEOPLE) == [], (seed, found.states, found.fates)
    assert found.states["sent"] > PEOPLE / 2
    assert found.fates["drop"] + found.fates["take_and_drop"] > 0


def test_a_sender_killed_after_the_server_took_a_mail_leaves_it_to_a_person(
    tmp_path: Path, server: Mailbox, settings: Any
) -> None:
    """The worst moment: the mail is there, and nobody told the outbox."""
    site = Site.new(tmp_path / "site")
    site = replace(
        site, env={"DJANGO_SETTINGS_MODULE": "tests.messages.site_settings", "MAIL_PORT": str(settings.EMAIL_PORT)}
    )
    sender: list[subprocess.Popen[str]] = []

    def answer(_address: str, _attempt: int) -> str:
        return "take_and_kill" if len(server.mails) == 2 else "take"

    server.answer = answer
    server.kill = lambda: os.killpg(sender[0].pid, signal.SIGKILL)
    try:
        site.run("-m", "tests.messages.crashing", "fill", "5")
        sender.append(site.start("-m", "tests.messages.crashing", "send", START.isoformat()))
        sender[0].communicate(timeout=60)
        assert sender[0].returncode == -signal.SIGKILL
        assert _states(site) == {"sent": 2, "sending": 1, "queued": 2}
        server.answer = lambda *_: "take"
        site.run("-m", "tests.messages.crashing", "send", (START + timedelta(days=1)).isoformat())
        assert _states(site) == {"sent": 4, "ambiguous": 1}
    finally:
        site.drop()
    assert set(Counter(recipient for recipient, _mail in server.mails).values()) == {1}
    assert len(server.mails) == 5
