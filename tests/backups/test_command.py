"""``privacy_backup``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from privacy.backups import services, taking
from privacy.backups.models import Backup
from privacy.core.actors import Actor
from privacy.evidence.models import EvidenceEntry
from tests.backups.conftest import Unlistable

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def run(*words: str) -> str:
    out = StringIO()
    call_command("privacy_backup", *words, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("gpg")
def test_a_dump_is_taken_compressed_encrypted_and_registered(dumps: Path) -> None:
    report = json.loads(run("--compress", "--encrypt", "--json"))
    (file,) = report["files"]
    assert report["storage"] == "dbbackup"
    assert (file["encrypted"], file["compressed"]) == (True, True)
    assert (dumps / file["name"]).stat().st_size == file["size"]
    row = Backup.objects.get()
    assert (row.name, row.source, row.status, row.kind) == (file["name"], "command", "present", "database")
    assert EvidenceEntry.objects.get(act="backups.taken").counts == {"files": 1}


def test_people_read_the_names(dumps: Path) -> None:
    out = run("--compress")
    assert Backup.objects.get().name in out
    assert "gzip" in out


def test_without_dbbackup_it_refuses_and_says_what_to_do(dumps: Path, settings: Any) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "dbbackup"]
    with pytest.raises(CommandError, match="Install django-dbbackup") as caught:
        run()
    assert caught.value.returncode == 1


def test_encryption_for_nobody_is_refused(dumps: Path) -> None:
    with pytest.raises(CommandError, match="DBBACKUP_GPG_RECIPIENT"):
        run("--encrypt")


def test_a_dump_that_visitors_could_fetch_is_not_made(dumps: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = str(dumps.parent)
    with pytest.raises(CommandError, match="MEDIA_ROOT"):
        run()
    assert list(dumps.iterdir()) == []


def test_a_storage_that_cannot_be_listed_is_refused_before_the_dump(
    dumps: Path, use_storage: Callable[..., None]
) -> None:
    use_storage(Unlistable)
    with pytest.raises(CommandError, match="cannot be listed"):
        run()
    assert list(dumps.iterdir()) == []


def test_tools_that_fail_are_named_without_their_secrets(
    dumps: Path, monkeypatch: pytest.MonkeyPatch, now: datetime, actor: Actor
) -> None:
    monkeypatch.setattr("dbbackup.settings.CONNECTORS", {"default": {"CONNECTOR": "tests.backups.test_command.Broken"}})
    with pytest.raises(taking.DumpFailed, match="RuntimeError") as caught:
        services.take(now=now, actor=actor)
    assert "secret" not in str(caught.value)


@pytest.mark.django_db(transaction=False)
def test_inside_a_transaction_it_refuses(db: None, dumps: Path, now: datetime, actor: Actor) -> None:
    with pytest.raises(taking.InsideTransaction):
        services.take(now=now, actor=actor)


class Broken:
    """A connector whose tool is missing."""

    settings = {"NAME": "database"}

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def generate_filename(self, server_name: str | None = None) -> str:
        return "x.dump"

    def create_dump(self) -> None:
        raise RuntimeError("pg_dump --password=secret failed")
