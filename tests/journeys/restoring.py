"""What happens within the site's own process while a restore is played; see ``test_restore``."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any


def reuse() -> dict[str, Any]:
    """A member closes, and somebody new is given the key: both before the backup."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from privacy.core.actors import Actor
    from privacy.disposal.services import Mandate, close_account

    users = get_user_model()
    old = users.objects.filter(member__status="active").order_by("-pk")[0]
    key = old.pk
    mandate = Mandate("staff", "command", "staff")
    report = close_account(user=old, mandate=mandate, now=timezone.now(), actor=Actor.command("restoring"))
    new = users.objects.create_user(pk=key, username="given-the-key-anew", date_joined=timezone.now() + timedelta(0))
    return {"status": report.status, "key": new.pk}


def close(count: int) -> dict[str, Any]:
    """Close so many members' accounts, as a batch."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from privacy.core.actors import Actor
    from privacy.disposal.services import Mandate, close_accounts

    names = list(_members().values_list("username", flat=True)[:count])
    users = get_user_model().objects.filter(username__in=names)
    mandate = Mandate("staff", "command", "staff")
    counts = close_accounts(users=users, mandate=mandate, now=timezone.now(), actor=Actor.command("restoring"))
    return {"names": names, "counts": counts}


def look_from_a_snapshot() -> dict[str, Any]:
    """What is told inside a transaction that began before somebody else closed an account and sealed."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection, connections, transaction
    from django.utils import timezone

    from privacy.core.actors import Actor
    from privacy.core.readonly import read_only
    from privacy.disposal.journal.restores import notice
    from privacy.disposal.models import Closure
    from privacy.evidence.sealing import seal
    from privacy.evidence.verifying import verify

    def go_on() -> None:
        try:
            close(1)
            seal(now=timezone.now(), actor=Actor.command("restoring"))
        finally:
            connections.close_all()

    go_on()
    on_sqlite = connection.vendor == "sqlite"
    with read_only() if on_sqlite else transaction.atomic():
        if not on_sqlite:
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = Closure.objects.count()
        with ThreadPoolExecutor(max_workers=1) as other:
            other.submit(go_on).result()
        return {
            "sees the old state": Closure.objects.count() == before,
            "restored": notice(timezone.now()),
            "findings": len(verify(now=timezone.now()).findings),
        }


def people() -> dict[str, Any]:
    from django.contrib.auth import get_user_model

    from privacy.retention.models import NightRun

    return {
        "names": sorted(get_user_model().objects.values_list("username", flat=True)),
        "nights": NightRun.objects.count(),
    }


def send_night() -> dict[str, Any]:
    """Send the night to the worker, and wait for what it says."""
    from privacy.retention.tasks import nightly

    return {"said": nightly.delay().get(timeout=60)}


def forget_gap() -> dict[str, Any]:
    """As the owner of the database: remove the entry that records what the restore took."""
    from privacy.evidence import triggers
    from privacy.evidence.models import EvidenceDetail, EvidenceEntry, Seal, SealLeaf

    triggers.remove("default")
    gap = EvidenceEntry.objects.get(act="evidence.gap_recorded")
    leaf = SealLeaf.objects.get(pk=gap.pk)
    # With its seal, so that nothing but the gap itself is missed.
    for rows in (
        SealLeaf.objects.filter(seal=leaf.seal_id),
        Seal.objects.filter(pk=leaf.seal_id),
        EvidenceDetail.objects.filter(pk=gap.pk),
        EvidenceEntry.objects.filter(pk=gap.pk),
    ):
        rows._raw_delete("default")
    return {}


def _members() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.filter(member__status="active", is_staff=False).order_by("pk")


if __name__ == "__main__":
    import django

    django.setup()
    from project import celery  # noqa: F401 - the tasks of this process go to the site's broker

    act, *numbers = sys.argv[1:]
    sys.stdout.write(json.dumps(globals()[act](*map(int, numbers))))
