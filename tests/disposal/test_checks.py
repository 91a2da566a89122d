"""System checks of the disposal room."""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks

from privacy.disposal.checks.guard import GUARD


def test_a_missing_guard_is_told(settings: Any) -> None:
    assert not [message for message in run_checks() if message.id == "privacy.W501"]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != GUARD]
    [message] = [message for message in run_checks() if message.id == "privacy.W501"]
    assert GUARD in str(message.hint)
