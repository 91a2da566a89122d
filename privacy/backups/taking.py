"""Take a dump through django-dbbackup, and register what the storage then shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.db import connections

from privacy.backups import acts, exposure, listing
from privacy.backups.models import Backup
from privacy.backups.scanning import reconcile
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.evidence.services import record


class NoDumper(PrivacyError):
    """django-dbbackup is not installed."""


class InsideTransaction(PrivacyError):
    """A dump cannot be taken inside a transaction: it would miss what is not committed yet."""


class NoRecipient(PrivacyError):
    """Encryption was asked for, and nobody is named who could decrypt."""


class Exposed(PrivacyError):
    """The dump would be served to visitors."""


class DumpFailed(PrivacyError):
    """django-dbbackup could not make the dump."""


@dataclass(frozen=True, slots=True)
class TakenFile:
    """One new file: its name in the storage, its size in bytes, and its flags."""

    name: str
    size: int | None
    encrypted: bool
    compressed: bool


@dataclass(frozen=True, slots=True)
class TakeReport:
    """The storage's alias and the files that were not in it before."""

    storage: str
    files: tuple[TakenFile, ...]


def take(*, now: datetime, actor: Actor, compress: bool = False, encrypt: bool = False) -> TakeReport:
    """Dump every database of ``DBBACKUP_DATABASES`` into the storage of backups and register the files.

    Args:
        now: the moment of asking; the dumps carry the clock of django-dbbackup.
        actor: who asked.
        compress: gzip the dumps.
        encrypt: encrypt them for ``DBBACKUP_GPG_RECIPIENT``.

    Raises:
        NoDumper, NoRecipient, InsideTransaction, Exposed, NoStorage, CannotList, SharedFolder: before anything is
            written.
        DumpFailed: django-dbbackup gave up; what it had written is registered by the next scan.
    """
    if not apps.is_installed("dbbackup"):
        raise NoDumper(
            field="INSTALLED_APPS",
            problem="django-dbbackup is not installed, so no dump can be taken",
            mend='Install django-dbbackup and add "dbbackup" to INSTALLED_APPS',
        )
    _ready(encrypt)
    alias = listing.DBBACKUP
    storage = listing.open_storage(alias)
    if isinstance(storage, FileSystemStorage) and (served := exposure.served_root(storage)):
        raise Exposed(
            field=f"STORAGES[{alias!r}]",
            problem=f"the dump would lie under {served}, where visitors can fetch it",
            mend="Give the backups a folder outside MEDIA_ROOT and STATIC_ROOT",
        )
    before = set(listing.list_names(alias, storage))
    try:
        call_command("dbbackup", compress=compress, encrypt=encrypt, interactive=False, quiet=True, verbosity=0)
    except Exception as error:
        raise DumpFailed(
            field="dbbackup",
            problem=f"the dump was not made ({listing.why(error)})",
            mend="Run the dbbackup command by hand to see what its tools say",
        ) from error
    reconcile(now=now, actor=actor)
    made = [name for name in listing.list_names(alias, storage) if name not in before]
    rows = Backup.objects.filter(storage=alias, name__in=made)
    rows.update(source=Backup.Source.COMMAND)
    files = tuple(TakenFile(row.name, row.size, row.encrypted, row.compressed) for row in rows.order_by("name"))
    record(act=acts.TAKEN, now=now, actor=actor, label="privacy.Backup", counts={"files": len(files)})
    return TakeReport(alias, files)


def _ready(encrypt: bool) -> None:
    from dbbackup import settings as dbbackup_settings  # importing it reads settings of an optional app

    if encrypt and not dbbackup_settings.GPG_RECIPIENT:
        raise NoRecipient(
            field="DBBACKUP_GPG_RECIPIENT",
            problem="nobody is named for whom the dump is encrypted",
            mend="Set it to the key that may decrypt the dumps, and import that key into the server's keyring",
        )
    if any(connections[alias].in_atomic_block for alias in dbbackup_settings.DATABASES):
        raise InsideTransaction(
            field="take",
            problem="inside a transaction a dump misses what is not committed, and its end closes the connection",
            mend="Take it outside of any transaction",
        )
