from __future__ import annotations

import enum
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy

from privacy.core.periods import Period
from privacy.core.registries import Finding, Status
from privacy.core.reports import jsonable


@dataclass(frozen=True, slots=True)
class Step:
    model: str
    rows: int
    tags: set[str] = field(default_factory=set)


class Colour(enum.Enum):
    RED = "red"


class Own:
    def as_json(self) -> dict[str, Any]:
        return {"at": date(2026, 1, 31)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("x", "x"),
        (Colour.RED, "red"),
        (Status.KEPT, "kept"),
        (datetime(2026, 1, 31, 4, tzinfo=UTC), "2026-01-31T04:00:00+00:00"),
        (date(2026, 1, 31), "2026-01-31"),
        (timedelta(hours=72), "P3D"),
        (Period.parse("P13M"), "P13M"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.10"), "1.10"),
        (Path("a/b"), "a/b"),
        (gettext_lazy("Privacy"), "Privacy"),
        (Own(), {"at": "2026-01-31"}),
        ([Step("coop.Order", 2, {"b", "a"})], [{"model": "coop.Order", "rows": 2, "tags": ["a", "b"]}]),
        ({1: (2, 3)}, {"1": [2, 3]}),
        (Finding.kept("fine"), {"status": "kept", "why": "fine", "figure": ""}),
    ],
)
def test_reports_become_plain_json(value: Any, expected: Any) -> None:
    assert jsonable(value) == expected
    json.dumps(jsonable(value))


@pytest.mark.parametrize("value", [object(), b"bytes", Group(name="g"), Step])
def test_what_might_carry_personal_data_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a report cannot hold"):
        jsonable({"x": [value]})
