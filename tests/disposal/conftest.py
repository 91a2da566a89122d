"""What tests of the room that destroys share."""

from __future__ import annotations

import pytest

from privacy.core.pacing import Pace


@pytest.fixture
def at_full_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches as large as the settings allow, whatever the machine does besides: for tests that count queries."""
    monkeypatch.setattr(Pace, "size", lambda self: self._most)
