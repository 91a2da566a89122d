"""Must show: a sender that is killed, against a server that answers in every way.

A few hundred messages and three kills here; ``make crash-mail`` does 20,000 and twenty a database.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.messages.crashing import kill_a_sender

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
