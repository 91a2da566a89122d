"""What a storage of backups really holds. Knows files and their times; knows no rows.

django-dbbackup's own listing filters by flags and skips folders; here everything counts, since
whatever lies in the storage is a copy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar, cast
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings as django_settings
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.disposal.patience import Late, Outside

T = TypeVar("T")

METADATA = ".metadata"
#: The alias is fixed in django-dbbackup.
DBBACKUP = "dbbackup"
#: What the register's column holds.
LONGEST_NAME = 1024
_DEEPEST = 32
#: A storage or a date format that knows no year says 1970 or 1900.
_FIRST_YEAR = 1981


class NoStorage(PrivacyError):
    """The alias is not in ``STORAGES``, or its backend cannot be built."""


class CannotList(PrivacyError):
    """The storage does not tell what it holds."""


class SharedFolder(PrivacyError):
    """Other things lie in or below the folder of the backups: what is old there must not be deleted."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a storage.

    Attributes:
        name: its name in the storage, folders joined by ``/``.
        kind: ``database`` or ``media`` for dumps of django-dbbackup, else ``other``.
        named_at: the moment its name carries, or None.
        modified_at: the storage's modified time, or None where the storage does not know.
        size: bytes, or None where the storage does not know.
    """

    name: str
    kind: Literal["database", "media", "other"]
    named_at: datetime | None
    modified_at: datetime | None
    size: int | None

    @property
    def encrypted(self) -> bool:
        return self.name.endswith(".gpg")

    @property
    def compressed(self) -> bool:
        return self.name.removesuffix(".gpg").endswith(".gz")

    def taken_at(self, now: datetime, known: datetime | None = None) -> datetime:
        """When the copy was made: the earliest of what its name and the storage say, never in the future.

        A copied or restored dump keeps the time of its name. A file whose name carries no time and that
        is written anew each day is as old as its last writing. ``known`` is what was believed before.
        """
        told = [moment for moment in (self.named_at, self.modified_at) if moment and moment <= now]
        if known and (self.named_at or not told):
            told.append(known)
        return min(told, default=now)


def aliases() -> tuple[str, ...]:
    """The storages where backups may lie; empty when the site has no such storage and no django-dbbackup."""
    if apps.is_installed("dbbackup"):
        return tuple(dict.fromkeys((settings.backup_storage, DBBACKUP)))
    return (settings.backup_storage,) if settings.backup_storage in django_settings.STORAGES else ()


def open_storage(alias: str) -> Storage:
    """The storage, when it may be cleaned.

    Raises:
        NoStorage: ``STORAGES`` has no such alias. django-dbbackup then writes to MEDIA_ROOT, which is never scanned.
        SharedFolder: the folder holds the site's uploads, static files, database or code.
    """
    try:
        storage = storages[alias]
    except (InvalidStorageError, ImportError, TypeError) as error:
        raise NoStorage(
            field=f"STORAGES[{alias!r}]",
            problem="there is no such storage of backups",
            mend="Add it to STORAGES, with a folder outside MEDIA_ROOT and STATIC_ROOT",
        ) from error
    if isinstance(storage, FileSystemStorage):
        below = [what for what, place in _precious().items() if place.is_relative_to(folder_of(storage))]
        if below:
            raise SharedFolder(
                field=f"STORAGES[{alias!r}]",
                problem=f"its folder also holds {', '.join(below)}",
                mend="Give the backups a folder of their own",
            )
    return storage


def folder_of(storage: FileSystemStorage) -> Path:
    """The folder a file storage writes to, links resolved."""
    return Path(storage.location).resolve()


def _precious() -> Mapping[str, Path]:
    places: dict[str, Path] = {}
    for name in ("MEDIA_ROOT", "STATIC_ROOT", "BASE_DIR"):
        if place := getattr(django_settings, name, None):
            places[name] = Path(place).resolve()
    for alias, database in django_settings.DATABASES.items():
        if str(database.get("ENGINE", "")).endswith("sqlite3"):
            places[f"DATABASES[{alias!r}]"] = Path(str(database["NAME"])).resolve()
    if module := sys.modules.get(django_settings.SETTINGS_MODULE or ""):
        places["the settings"] = Path(str(module.__file__)).resolve()
    return places


def walk(alias: str, *, expected: bool = False, alive: Callable[[], None] | None = None) -> dict[str, Listed]:
    """Every file of the storage by name, folders included, flags ignored.

    Args:
        alias: the storage's alias.
        expected: True when files are known to lie there, so that a missing folder means an unmounted disk
            and not a site that never took a backup.
        alive: called after each hundred files: a remote storage is asked about each of them.

    Raises:
        NoStorage, SharedFolder: the storage cannot be used.
        CannotList: it does not tell, or a folder is a link that leads out of it.
    """
    storage = open_storage(alias)
    names = list_names(alias, storage, expected=expected)
    if not all(_fits_a_row(name) for name in names):
        raise CannotList(
            field=f"STORAGES[{alias!r}]",
            problem="a file in it has a name that is too long or no text",
            mend="Rename or remove that file",
        )
    held = set(names)
    found: dict[str, Listed] = {}
    for number, name in enumerate((name for name in names if not _belongs_to_another(name, held)), start=1):
        if listed := look(alias, storage, name):
            found[name] = listed
        if alive and number % 100 == 0:
            alive()
    return found


def list_names(alias: str, storage: Storage, *, expected: bool = False) -> list[str]:
    """The names of all files, without asking for their times.

    Raises:
        CannotList: it does not tell, or a folder is a link that leads out of it.
    """
    try:
        return list(_names(alias, storage, "", 0))
    except FileNotFoundError as error:
        if not expected:
            return []
        raise _cannot_list(alias, error) from error
    except CannotList:
        raise
    except Exception as error:  # a backend may raise anything at all
        raise _cannot_list(alias, error) from error


def ask(alias: str, storage: Storage, call: Callable[[], T]) -> T:
    """What a call to the storage returns. One beyond this machine's file system is waited for only so long.

    Raises:
        Late: it did not answer within ``STORAGE_TIMEOUT``.
        Exception: whatever the backend raised.
    """
    if isinstance(storage, FileSystemStorage):
        return call()
    with Outside(f"storage {alias}", seconds=settings.storage_timeout) as outside:
        return cast("T", outside.call(call))


def why(error: Exception) -> str:
    """A reason for the register, without paths or addresses: the kind of error and what the system calls it."""
    if isinstance(error, Late):
        return "it did not answer in time"
    told = error.strerror if isinstance(error, OSError) else ""
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def _cannot_list(alias: str, error: Exception) -> CannotList:
    return CannotList(
        field=f"STORAGES[{alias!r}]",
        problem=f"the storage cannot be listed ({why(error)})",
        mend="Check that its folder is mounted and readable, or that its credentials allow listing",
    )


def _names(alias: str, storage: Storage, folder: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise CannotList(field=f"STORAGES[{alias!r}]", problem="its folders are nested too deeply", mend="Flatten them")
    folders, files = ask(alias, storage, partial(storage.listdir, folder))
    for name in files:
        yield _within(storage, folder, name)
    for name in folders:
        below = _within(storage, folder, name.rstrip("/"))
        if not below or below == folder:
            continue
        if isinstance(storage, FileSystemStorage) and Path(storage.path(below)).is_symlink():
            raise CannotList(
                field=f"STORAGES[{alias!r}]",
                problem="a folder in it is a link: what lies behind it is neither seen nor deleted",
                mend="Replace the link by a folder, or name the place behind it as a storage of its own",
            )
        yield from _names(alias, storage, below, depth + 1)


def _within(storage: Storage, folder: str, name: str) -> str:
    """Some backends list names below their bucket's prefix, which ``delete`` would add once more."""
    prefix = str(getattr(storage, "location", "") or "").replace("\\", "/").strip("/")
    name = name.replace("\\", "/").lstrip("/")
    if prefix and name.startswith(f"{prefix}/"):
        return name.removeprefix(f"{prefix}/")
    return f"{folder}/{name}" if folder else name


def _fits_a_row(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return False
    return len(name) <= LONGEST_NAME


def _belongs_to_another(name: str, held: Collection[str]) -> bool:
    return name.endswith(METADATA) and name.removesuffix(METADATA) in held


def look(alias: str, storage: Storage, name: str) -> Listed | None:
    """One file, or None when it went while the storage was being listed.

    Raises:
        CannotList: the storage stopped answering.
    """
    try:
        return _look(alias, storage, name)
    except Late as late:
        raise _cannot_list(alias, late) from late


def _look(alias: str, storage: Storage, name: str) -> Listed | None:
    try:
        size: int | None = ask(alias, storage, partial(storage.size, name))
    except FileNotFoundError:
        if not ask(alias, storage, partial(storage.exists, name)):
            return None
        size = None
    except Late:
        raise
    except Exception:  # noqa: BLE001 the file is there, whatever the backend says of its size
        size = None
    try:
        modified_at = _plausible(ask(alias, storage, partial(storage.get_modified_time, name)))
    except Late:
        raise
    except Exception:  # noqa: BLE001 many backends know no times
        modified_at = None
    named_at, kind = read_name(name)
    return Listed(name, kind, named_at, modified_at, size)


def unseen(name: str) -> Listed:
    """What a name alone tells of a file that lies somewhere else."""
    named_at, kind = read_name(name)
    return Listed(name, kind, named_at, None, None)


def read_name(name: str) -> tuple[datetime | None, Literal["database", "media", "other"]]:
    """The moment and the kind that django-dbbackup wrote into a name, or None and ``other``.

    The time is the site's local time without its zone. Where a clock change makes it ambiguous, the
    earlier reading counts.
    """
    if not apps.is_installed("dbbackup"):
        return None, "other"
    from dbbackup.utils import filename_to_date  # importing it reads settings of an optional app

    base = os.path.basename(name)
    try:
        naive = filename_to_date(base)
    except ValueError:  # looks like a date and is none
        naive = None
    moment = _plausible(naive) if naive else None
    if moment is None or base.endswith(METADATA):
        return moment, "other"
    return moment, "media" if ".tar" in base else "database"


def _plausible(moment: datetime) -> datetime | None:
    if moment.year < _FIRST_YEAR:
        return None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    zone = ZoneInfo(django_settings.TIME_ZONE)
    return min(moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
