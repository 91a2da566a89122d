"""A database of its own for every run, and the same filled one again as often as it is wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit


def server() -> str:
    """The database server to measure on; empty means SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    return url if urlsplit(url).scheme.startswith("postgres") else ""


def scratch_url(folder: Path) -> str:
    """Where the measured site's database is: beside the one that ``DATABASE_URL`` names, or a file in ``folder``."""
    if not server():
        return f"sqlite:///{folder / 'work.sqlite3'}"
    return urlunsplit(urlsplit(server())._replace(path=f"/{_prefix(folder)}_work"))


def fresh(name: str, fill: Callable[[], object]) -> None:
    """Put the database that ``fill`` makes in place of the site's; filled once a run, copied afterwards."""
    if not _kept(name):
        _replace(None)
        _migrate()
        fill()
        _settled()
        _keep(name)
    _replace(name)


def drop_all(folder: Path) -> None:
    """Remove every database of this run."""
    if server():
        with _Server() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{_prefix(folder)}\\_%"])
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _prefix(folder: Path) -> str:
    return f"bench_{folder.name}".lower().replace("-", "_").replace(".", "_")


def _folder() -> Path:
    return Path(os.environ["BENCH_FOLDER"])


def _kept(name: str) -> bool:
    if not server():
        return (_folder() / f"{name}.sqlite3").exists()
    with _Server() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [f"{_prefix(_folder())}_{name}"])
        return cursor.fetchone() is not None


def _keep(name: str) -> None:
    from django.db import connection

    connection.close()
    _swap_journal(into=name)
    if server():
        with _Server() as cursor:
            cursor.execute(f'ALTER DATABASE "{_prefix(_folder())}_work" RENAME TO "{_prefix(_folder())}_{name}"')
    else:
        (_folder() / "work.sqlite3").rename(_folder() / f"{name}.sqlite3")


def _replace(name: str | None) -> None:
    from django.db import connection

    connection.close()
    _swap_journal(out_of=name or "nothing")
    if server():
        work = f"{_prefix(_folder())}_work"
        template = f"{_prefix(_folder())}_{name}" if name else "template0"
        with _Server() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{work}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{work}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return
    for suffix in ("", "-wal", "-shm"):
        (_folder() / f"work.sqlite3{suffix}").unlink(missing_ok=True)
    if name:
        shutil.copyfile(_folder() / f"{name}.sqlite3", _folder() / "work.sqlite3")
        with (_folder() / "work.sqlite3").open("rb") as file:
            os.fsync(file.fileno())  # else whoever comes first would pay for the copy


def _swap_journal(*, into: str = "", out_of: str = "") -> None:
    """The journal goes with its database: a copy of an earlier one would be taken for a restore."""
    journal = _folder() / "journal"
    if into:
        journal.mkdir(exist_ok=True)
        shutil.copytree(journal, _folder() / f"journal_{into}")
        return
    shutil.rmtree(journal, ignore_errors=True)
    if (_folder() / f"journal_{out_of}").exists():
        shutil.copytree(_folder() / f"journal_{out_of}", journal)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)  # the measured site has no migrations


def _settled() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute("VACUUM (ANALYZE)")


class _Server:
    """A cursor on the server's own database, outside any transaction."""

    def __enter__(self):
        import psycopg

        self.connection = psycopg.connect(server(), autocommit=True)
        return self.connection.cursor()

    def __exit__(self, *_error: object) -> None:
        self.connection.close()
