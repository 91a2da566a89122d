"""Migrations: none is missing, and they go to nothing and back on a database of their own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
NONE_YET = not list((ROOT / "privacy" / "migrations").glob("0*.py"))

pytestmark = pytest.mark.skipif(NONE_YET, reason="the app has no migration yet")


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the same kind as the suite's."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield f"sqlite:///{tmp_path / 'scratch.sqlite3'}"
        return
    import psycopg
    from psycopg import sql

    url, name = os.environ["DATABASE_URL"], f"privacy_scratch_{os.getpid()}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(drop)


def manage(folder: Path, url: str, *words: str) -> None:
    """The demo site's settings: each of its apps has migrations, as a host's have."""
    environment = {**os.environ, "DATABASE_URL": url, "DEMO_DIR": str(folder)}
    environment["DJANGO_SETTINGS_MODULE"] = "project.settings"
    done = subprocess.run(
        [sys.executable, "-m", "django", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tables_of_ours(url: str) -> set[str]:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        connection.close()
    else:
        import psycopg

        with psycopg.connect(url) as server:
            rows = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            found = {name for (name,) in rows}
    return {name for name in found if name.startswith("privacy_")}


def test_no_model_differs_from_its_migrations(scratch: str, tmp_path: Path) -> None:
    manage(tmp_path, scratch, "makemigrations", "--check", "--dry-run")


def test_migrations_go_forth_to_nothing_and_forth_again(scratch: str, tmp_path: Path) -> None:
    ours = {model._meta.db_table for model in apps.get_app_config("privacy").get_models(include_auto_created=True)}
    manage(tmp_path, scratch, "migrate", "--verbosity", "0")
    assert tables_of_ours(scratch) == ours
    manage(tmp_path, scratch, "migrate", "privacy", "zero", "--verbosity", "0")
    assert tables_of_ours(scratch) == set()
    manage(tmp_path, scratch, "migrate", "privacy", "--verbosity", "0")
    assert tables_of_ours(scratch) == ours
