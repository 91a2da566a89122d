"""A small site with a database of its own, whose nights are real processes that a test may kill.

As a program it fills the site (``seed``) or tells what it holds (``picture``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
#: The night that all processes carry out: past, so that no clock can come between two attempts.
NIGHT = datetime(2026, 3, 16, 3, 0, tzinfo=UTC)
OVER, TO_SHORTEN, YOUNG, PEOPLE, CLOSED = 1200, 800, 200, 40, 18


@dataclass(frozen=True)
class Site:
    """Where the site lies: its folder, and its database by URL."""

    folder: Path
    url: str

    @classmethod
    def new(cls, folder: Path) -> Site:
        """An empty one beside the database that the suite runs on."""
        folder.mkdir()
        database = settings.DATABASES["default"]
        if database["ENGINE"].endswith("sqlite3"):
            return cls(folder, f"sqlite:///{folder / 'site.sqlite3'}")
        name = f"night_{uuid4().hex[:12]}"
        _postgres(f'CREATE DATABASE "{name}"')
        return cls(folder, _url(name))

    def copy(self, folder: Path) -> Site:
        """The same site once more."""
        shutil.copytree(self.folder, folder)
        if self.url.startswith("sqlite"):
            return Site(folder, f"sqlite:///{folder / 'site.sqlite3'}")
        name = f"night_{uuid4().hex[:12]}"
        _postgres(f'CREATE DATABASE "{name}" TEMPLATE "{self.database}"')
        return Site(folder, _url(name))

    @property
    def database(self) -> str:
        return self.url.rpartition("/")[2]

    def drop(self) -> None:
        if not self.url.startswith("sqlite"):
            _postgres(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')

    # --- processes ---------------------------------------------------------------------------

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        env |= {
            "DJANGO_SETTINGS_MODULE": "tests.retention.site_settings",
            "DATABASE_URL": self.url,
            "NIGHT_FOLDER": str(self.folder),
            **more,
        }
        return subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: str) -> str:
        return finish(self.start(*words))[1]

    def begin_night(self) -> subprocess.Popen[str]:
        return self.start("manage.py", "privacy_nightly", "--json", "--at", NIGHT.isoformat())

    def work(self, word: str, **more: Any) -> subprocess.Popen[str]:
        """A process that does one thing of ``site_work``."""
        return self.start("-m", "tests.retention.site_work", word, json.dumps(more))

    def at_once(self, count: int, word: str, **more: Any) -> list[dict[str, Any]]:
        """So many processes that do the same and begin together; what each reported."""
        crowd = [self.work(word, wait=True, **more) for _ in range(count)]
        deadline = time.monotonic() + 120
        while len(list(self.folder.glob("ready-*"))) < count:
            assert all(process.poll() is None for process in crowd), [process.communicate() for process in crowd]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        (self.folder / "go").touch()
        return [json.loads(finish(process)[1]) for process in crowd]

    def asked(self) -> list[str]:
        """Every file that a storage was asked to delete, once for each time."""
        told = self.folder / "asked.txt"
        return sorted(told.read_text().splitlines()) if told.exists() else []

    def picture(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("-m", "tests.retention.site", "picture"))
        return found

    # --- looking in from outside -------------------------------------------------------------

    def wait_until(self, question: str, holds: Callable[[int], bool], process: subprocess.Popen[str]) -> None:
        """Ask the database again and again, without pause, while the process lives."""
        with self.asking() as ask:
            deadline = time.monotonic() + 60
            while not holds(ask(question)):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline

    @contextmanager
    def asking(self) -> Iterator[Callable[[str], int]]:
        connection: Any
        if self.url.startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(self.folder / "site.sqlite3", timeout=20, isolation_level=None)
        else:
            import psycopg

            connection = psycopg.connect(self.url, autocommit=True)
        with closing(connection):
            yield lambda question: connection.execute(question).fetchone()[0]


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and standard output; what it complained about is an error of the test."""
    said, complained = process.communicate(timeout=300)
    assert process.returncode in (0, 1), complained
    return process.returncode, said


def _url(name: str) -> str:
    database = settings.DATABASES["default"]
    who = f"{database['USER']}:{database['PASSWORD']}" if database["PASSWORD"] else database["USER"]
    return f"postgres://{who}@{database['HOST']}:{database['PORT']}/{name}"


def _postgres(statement: str) -> None:
    import psycopg

    with psycopg.connect(_url("postgres"), autocommit=True) as connection:
        connection.execute(statement)


# --- within the site's own process -----------------------------------------------------------


def _seed() -> None:
    from django.contrib.auth import get_user_model
    from django.core.files.base import ContentFile
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)

    from privacy.disposal.queries import take_over_fingerprint
    from privacy.retention.models import Approval
    from tests.host.models import Order, PageView, Upload

    users = get_user_model()
    people = users.objects.bulk_create(
        users(username=f"m{n}", email=f"m{n}@example.org", is_active=n >= CLOSED, date_joined=NIGHT - timedelta(days=n))
        for n in range(PEOPLE)
    )
    Order.objects.bulk_create(
        Order(customer=user, number=f"o{n}", address="a street", phone="1", total=n, placed_at=NIGHT)
        for n, user in enumerate(people)
    )
    for user in people:
        upload = Upload(owner=user)
        upload.file.save(f"{user.username}.txt", ContentFile(b"a file"))
    ages = [(OVER, 420), (TO_SHORTEN, 40), (YOUNG, 2)]
    PageView.objects.bulk_create(
        PageView(path="/", ip=f"203.0.{n % 200}.{n % 250 + 1}", viewed_at=NIGHT - timedelta(days=days, minutes=n))
        for rows, days in ages
        for n in range(rows)
    )
    Approval.objects.create(
        status="used", reasons=["first"], fingerprint=take_over_fingerprint(), asked_at=NIGHT, confirmed_at=NIGHT
    )


def _picture() -> dict[str, Any]:
    from django.contrib.auth import get_user_model

    from privacy.disposal.models import Closure, Sweep
    from privacy.evidence.models import EvidenceDetail, EvidenceEntry
    from privacy.retention.models import NightRun, NightStepRun
    from tests.host.models import Order, PageView, Upload

    expired: Counter[str] = Counter()
    for entry in EvidenceEntry.objects.filter(act="disposal.rows_expired"):
        expired[entry.label] += entry.counts["rows"]
    proofs = Counter(
        json.loads(content)["details"]["closure"]
        for content in EvidenceDetail.objects.filter(entry__act="disposal.account_erased").values_list(
            "content", flat=True
        )
    )
    accounts: Counter[str] = Counter()
    for entry in EvidenceEntry.objects.filter(act__in=("disposal.batch_erased", "disposal.finished")):
        accounts[entry.act] += entry.counts["accounts"]
    return {
        "proofs": sorted(proofs.values()),
        "accounts": accounts,
        "swept": [Sweep.objects.count(), sorted(Upload.objects.values_list("file", flat=True))],
        "views": sorted(map(list, PageView.objects.values_list("pk", "ip"))),
        "people": sorted(map(list, get_user_model().objects.values_list("pk", "username", "is_active"))),
        "orders": sorted(map(list, Order.objects.values_list("pk", "customer", "address", "phone"))),
        "closures": Counter(Closure.objects.order_by().values_list("status", flat=True)),
        "expired": expired,
        "counted": NightStepRun.objects.filter(name="retention.schedules").values_list("counts", flat=True).first(),
        "nights": list(NightRun.objects.order_by("as_of").values_list("status", flat=True)),
        "steps": sorted(map(list, NightStepRun.objects.values_list("name", "status"))),
    }


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "seed":
        _seed()
    else:
        sys.stdout.write(json.dumps(_picture()))
