"""A site that has a row of everything that the API shows."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.planting import plant


@pytest.fixture
def planted(db: None, now: datetime) -> None:
    """A row, and more than one, of everything that the API shows."""
    plant(now, rows=2)
