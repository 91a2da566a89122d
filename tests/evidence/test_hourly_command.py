"""``privacy_hourly``: the hour of a site that has cron and no Celery worker."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from privacy.core.registries import HourlyStep, hourly_steps

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, str]:
    """Exit code and standard output."""
    out = StringIO()
    try:
        call_command("privacy_hourly", *words, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_every_step_runs_and_is_told() -> None:
    code, text = run()
    assert code == 0
    assert {line.partition(":")[0] for line in text.splitlines()} == {step.name for step in hourly_steps}
    code, text = run("--json")
    assert set(json.loads(text)) == {step.name for step in hourly_steps}


def test_a_step_that_fails_ends_with_one_and_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: Any, actor: Any) -> dict[str, int]:
        raise ValueError("robin@example.org")

    broken = HourlyStep("kitchen.boil", 1, "Boil", fail)
    monkeypatch.setitem(hourly_steps._entries, broken.name, broken)
    code, text = run()
    assert code == 1
    assert "kitchen.boil: ValueError" in text
    assert "robin" not in text
    assert "evidence.seal: " in text
