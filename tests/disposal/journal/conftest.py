"""A journal in a folder of its own, and a database that goes back while the files stay: what a restore does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from privacy.disposal.journal import files


@pytest.fixture
def journal(_own_folders: Path, settings: Any) -> Path:
    folder = _own_folders / "journal"
    settings.PRIVACY = {**settings.PRIVACY, "JOURNAL_DIR": folder}
    return folder


@contextmanager
def undone() -> Iterator[None]:
    """Everything inside is committed, as far as the files can know, and then the database is as it was before."""
    with transaction.atomic():
        yield
        while hooks := connection.run_on_commit:
            connection.run_on_commit = []
            for _, hook, _ in hooks:
                hook()
        transaction.set_rollback(True)


def told(kind: str = "closure") -> list[tuple[str, str]]:
    """Ids and states as they stand in the files, in their order."""
    return [(each.line.id, each.line.state) for each in files.lines_since() if each.line.kind == kind]


def text_of(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.jsonl")))


def head_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "head.json").read_text())
    return found
