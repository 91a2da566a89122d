"""Rows for everything that the API shows, as many as a test wants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from privacy.core.registries import Status
from privacy.promises.models import Promise, PromiseResult, PromiseRun, SiteFacts


def plant(now: datetime, *, rows: int) -> None:
    """Plant so many of each; may be called again."""
    _promises(now, rows)


def sample(operation: str) -> dict[str, Any]:
    """What the address of an operation needs, of a row that was planted."""
    if operation == "promises_findings":
        return {"id": "EXA-1.1-1"}
    return {}


def _promises(now: datetime, rows: int) -> None:
    facts = {"code": "EXA", "name": "Example", "source": "example.toml", "fingerprint": "f", "loaded_at": now}
    SiteFacts.objects.update_or_create(id=1, defaults=facts)
    Promise.objects.all().delete()
    for number in range(rows):
        code = f"EXA-{number}.1-1"
        Promise.objects.create(
            position=number,
            code=code,
            clause=f"§{number}",
            kind="duty",
            says="We tidy up.",
            checks=["backups.none_over_age"],
        )
    for number in range(rows):
        run = PromiseRun.objects.create(
            site="EXA", fingerprint="f", checked_at=now + timedelta(hours=number), asked_by="night", kept=rows
        )
        PromiseResult.objects.bulk_create(
            PromiseResult(
                run=run,
                position=position,
                code=f"EXA-{position}.1-1",
                says="We tidy up.",
                check_names="house.tidy",
                status=Status.KEPT.value,
                why="It is tidy.",
                since=now,
            )
            for position in range(rows)
        )
