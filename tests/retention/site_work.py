"""What a process of the small site does when a test wants more than a command: several at once, on other machines.

``python -m tests.retention.site_work WORD [JSON]``; each word waits for the file ``go`` beside the database, so that
all begin together.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.retention.site import NIGHT


def everything(**words: Any) -> dict[str, Any]:
    """Closures, schedules and files, without asking whether a night is at it: as one that was taken for dead does."""
    from privacy.core.actors import Actor
    from privacy.core.registries import NightContext, night_steps
    from privacy.retention.queries import horizon

    counts: dict[str, Any] = {}
    for name in ("disposal.take_over", "disposal.closures", "retention.schedules", "disposal.files"):
        context = NightContext(NIGHT, horizon(NIGHT), _NOBODY, False, Actor.system("night"), lambda *told: None)
        report = night_steps.get(name).run(context)
        counts |= {f"{name} {word}": count for word, count in report.counts.items()}
        counts[f"{name} error"] = report.error
    return counts


def opened(**words: Any) -> dict[str, Any]:
    """Closures that wait for a task, as those of accounts too large for a request do."""
    from privacy.core.actors import Actor
    from privacy.disposal import closing
    from privacy.disposal.models import Closure
    from privacy.disposal.services import take_over_closed

    counts = take_over_closed(now=NIGHT, actor=Actor.system("night"))
    Closure.objects.update(due_at=NIGHT)
    closing.cut_off(list(Closure.objects.all()), now=NIGHT)
    return counts


def tasks(**words: Any) -> dict[str, Any]:
    """``privacy.close`` for every closure, in the same order as everybody else."""
    from privacy.disposal.models import Closure
    from privacy.disposal.tasks import close

    keys = [str(key) for key in Closure.objects.order_by("pk").values_list("pk", flat=True)]
    for key in keys:
        close(closure=key)
    return {"asked": len(keys)}


def send(*, task: str, times: int = 1, **words: Any) -> dict[str, Any]:
    """Messages to the broker: ``privacy.close`` for each closure, or one of the others without arguments."""
    from privacy.disposal.models import Closure
    from project.celery import app

    keys = [str(key) for key in Closure.objects.order_by("pk").values_list("pk", flat=True)]
    given: list[dict[str, str]] = [{"closure": key} for key in keys] if task == "privacy.close" else [{}]
    for _ in range(times):
        for arguments in given:
            app.send_task(task, kwargs=arguments)
    return {"sent": times * len(given)}


def night(*, machine: str = "", later: float = 0, slow: float = 0, **words: Any) -> dict[str, Any]:
    """A night of another machine, whose clock may be ``later`` by so many hours, with a step that takes its time."""
    from privacy.core.actors import Actor
    from privacy.core.errors import PrivacyError
    from privacy.core.registries import NightStep, StepReport, night_steps
    from privacy.retention import liveness
    from privacy.retention.services import run_night

    liveness.STALE_AFTER, liveness.BEAT_EVERY, liveness.WATCH_FOR = timedelta(seconds=1), 0.2, 1.5
    if machine:
        socket.gethostname = lambda: machine

    def takes_its_time(context: Any) -> StepReport:
        if not context.dry_run:
            (_folder() / f"slow-{machine}").touch()
            time.sleep(slow)
        return StepReport()

    night_steps.add("test.slow", NightStep("test.slow", 20, "Takes its time", takes_its_time))
    try:
        report = run_night(now=NIGHT + timedelta(hours=later), actor=Actor.system("night"))
    except PrivacyError as refusal:
        return {"status": type(refusal).__name__}
    return {"status": report.status, "run": str(report.run)}


def logins(**words: Any) -> dict[str, Any]:
    """What a login writes, again and again until the file ``over`` is there; how long each took, and what failed."""
    from django.contrib.auth import get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import DatabaseError
    from django.utils import timezone

    somebody = get_user_model().objects.filter(is_active=True).first()
    waits: list[float] = []
    failed: list[str] = []
    while not (_folder() / "over").exists():
        begun = time.monotonic()
        try:
            session = SessionStore()
            session["_auth_user_id"] = str(somebody.pk)
            session.create()
            get_user_model().objects.filter(pk=somebody.pk).update(last_login=timezone.now())
        except DatabaseError as error:
            failed.append(type(error).__name__)
        waits.append(time.monotonic() - begun)
        time.sleep(float(words.get("every", 0.02)))
    waits.sort()
    return {"logins": len(waits), "failed": failed, "longest": waits[-1], "half": waits[len(waits) // 2]}


def scans(**words: Any) -> dict[str, Any]:
    """Compare the register of dumps with the storage, then expire what is over."""
    from privacy.backups.services import expire, reconcile
    from privacy.core.actors import Actor

    found = reconcile(now=NIGHT, actor=Actor.system("night")).counts()
    return found | expire(now=NIGHT, horizon=NIGHT, actor=Actor.system("night")).counts()


_NOBODY: Any = None


def _folder() -> Path:
    return Path(os.environ["NIGHT_FOLDER"])


if __name__ == "__main__":
    import django

    django.setup()
    word, more = sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    (_folder() / f"ready-{os.getpid()}").touch()
    while more.get("wait") and not (_folder() / "go").exists():
        time.sleep(0.01)
    sys.stdout.write(json.dumps(globals()[word](**more)))
