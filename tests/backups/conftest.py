"""Real dumps by the real django-dbbackup, into a real folder, encrypted by a real gpg with a throw-away key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from dbbackup import settings as dbbackup_settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import call_command

import privacy.backups.admin  # noqa: F401 - the screen is there whichever front door is built first
from privacy.backups import services
from privacy.core.actors import Actor
from privacy.promises.models import ProfileTable

RECIPIENT = "dumps@example.org"


class Stubborn(FileSystemStorage):
    """Refuses to delete some files, as a bucket with a retention lock does."""

    def __init__(self, refuses: str = "", silently: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.refuses, self.silently = refuses, silently

    def delete(self, name: str) -> None:
        if self.refuses and self.refuses in name:
            if self.silently:
                return
            raise PermissionError(13, "Permission denied", f"/secret/place/{name}")
        super().delete(name)


class Unlistable(FileSystemStorage):
    """A bucket whose credentials allow writing and no listing."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        raise ConnectionError("https://key:secret@bucket.example.org/ said no")


def _nothing(*_: Any) -> None:
    """What other machines do while nobody planned anything."""


class Interrupting(FileSystemStorage):
    """Lets something happen before, within or after its next listing: once."""

    before_listing: Callable[[], None] = _nothing
    after_listing: Callable[[], None] = _nothing
    in_folder: Callable[[str], None] = _nothing

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        kind = type(self)
        before, after = kind.before_listing, kind.after_listing
        kind.before_listing = kind.after_listing = _nothing
        before()
        kind.in_folder(path)
        found = super().listdir(path)
        after()
        return found


class Timeless(FileSystemStorage):
    """Knows neither times nor sizes."""

    def get_modified_time(self, name: str) -> datetime:
        raise NotImplementedError

    def size(self, name: str) -> int:
        raise NotImplementedError


@pytest.fixture
def dumps(_own_folders: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the backups, empty; django-dbbackup reads its settings only once, so it is told too."""
    folder = _own_folders / "dumps"
    folder.mkdir()
    monkeypatch.setattr(dbbackup_settings, "STORAGE", "django.core.files.storage.FileSystemStorage")
    monkeypatch.setattr(dbbackup_settings, "STORAGE_OPTIONS", {"location": str(folder)})
    monkeypatch.setattr(dbbackup_settings, "HOSTNAME", "server")
    return folder


@pytest.fixture
def use_storage(dumps: Path, settings: Any) -> Callable[..., None]:
    """Put another storage class over the same folder."""

    def use(kind: type[FileSystemStorage], **options: Any) -> None:
        entry = {"BACKEND": f"{kind.__module__}.{kind.__qualname__}", "OPTIONS": {"location": str(dumps), **options}}
        settings.STORAGES = {**settings.STORAGES, "dbbackup": entry}

    return use


@pytest.fixture(autouse=True)
def _nothing_is_planned() -> Iterator[None]:
    yield
    Interrupting.before_listing = Interrupting.after_listing = Interrupting.in_folder = _nothing


@pytest.fixture
def put(dumps: Path) -> Callable[..., str]:
    """Lay a file into the storage, with a modified time when one is given."""

    def put(name: str, modified: datetime | None = None, content: bytes = b"rows") -> str:
        stored = storages["dbbackup"].save(name, ContentFile(content))
        if modified:
            os.utime(dumps / stored, (modified.timestamp(), modified.timestamp()))
        return stored

    return put


@pytest.fixture
def promised(db: None) -> Callable[..., None]:
    """Load the profile's table about backups."""

    def load(**table: Any) -> None:
        ProfileTable.objects.update_or_create(name="backups", defaults={"table": table})

    return load


@pytest.fixture
def one_month(promised: Callable[..., None]) -> None:
    promised(kept_for="P1M", regions=["EU"])


@pytest.fixture
def dump_at(dumps: Path, transactional_db: None) -> Callable[..., None]:
    """Let django-dbbackup make a dump at a moment."""

    def dump(moment: datetime, command: str = "dbbackup", **options: Any) -> None:
        with time_machine.travel(moment, tick=False):
            call_command(command, interactive=False, quiet=True, verbosity=0, **options)

    return dump


@pytest.fixture(scope="session")
def _gnupg_home() -> Iterator[str]:
    home = tempfile.mkdtemp(prefix="gpg-")  # short, since the agent's socket lies in it
    environment = {**os.environ, "GNUPGHOME": home}
    key = ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", RECIPIENT, "default", "default", "never"]
    subprocess.run(key, env=environment, check=True, capture_output=True)
    yield home
    subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False, capture_output=True)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def gpg(_gnupg_home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyring with one key, which the dumps are encrypted for."""
    monkeypatch.setenv("GNUPGHOME", _gnupg_home)
    monkeypatch.setattr(dbbackup_settings, "GPG_RECIPIENT", RECIPIENT)
    monkeypatch.setattr(dbbackup_settings, "GPG_ALWAYS_TRUST", True)


COPY = {
    "name": "offsite",
    "kind": "pg_dump",
    "place": "a safe in the second office",
    "region": "EU",
    "taken_at": datetime.fromisoformat("2026-03-10T04:00:00+01:00"),
    "kept_for": "P14D",
    "confirmed_by": "the head of operations",
}
RULE = {
    "name": "snapshots",
    "kind": "host",
    "place": "the host's own snapshots",
    "region": "EU",
    "every": "P1D",
    "kept_for": "P14D",
    "confirmed_by": "the host's support",
}


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., Path]:
    """Write a file that declares copies."""

    def declare(*copies: dict[str, Any]) -> Path:
        def shown(value: Any) -> str:
            return value.isoformat() if isinstance(value, date) else json.dumps(value)

        tables = ("\n".join(["[[copy]]", *(f"{key} = {shown(copy[key])}" for key in copy)]) for copy in copies)
        path = tmp_path / "copies.toml"
        path.write_text("\n\n".join(tables), encoding="utf-8")
        return path

    return declare


@pytest.fixture
def register(db: None, declare: Callable[..., Path], now: datetime, actor: Actor) -> Callable[..., None]:
    """Register a copy with other facts than those of ``COPY``; what is None is left out."""

    def register(base: dict[str, Any] = COPY, **facts: Any) -> None:
        copy = {key: value for key, value in {**base, **facts}.items() if value is not None}
        services.register_copies(path=declare(copy), now=now, actor=actor)

    return register


@pytest.fixture
def no_storage(settings: Any) -> None:
    """A site without django-dbbackup and without a storage of backups: others make its copies."""
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "dbbackup"]
    settings.STORAGES = {name: entry for name, entry in settings.STORAGES.items() if name != "dbbackup"}
