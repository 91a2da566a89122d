"""The co-op's past: accounts, members with a history, and dumps that are older than a month."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import time_machine
from dbbackup import settings as dbbackup_settings
from django.contrib.auth import get_user_model
from django.core.files.storage import storages
from django.core.management import call_command

from project.coop import search
from project.coop.generate import Loaded, load, load_one

MEMBERS = 300
SEED = 20
#: Days before now at which a dump was made, and how: two months back, past its month, and a young one.
DUMPS = ((61, "plain"), (45, "gz"), (45, "gpg"), (34, "plain"), (9, "gz"))


def accounts(now: datetime) -> Loaded:
    """``admin``/``admin``, ``member``/``member``, and everybody else."""
    # Short on purpose: they stand in the documentation of a site that lives on one machine.
    get_user_model()._default_manager.create_superuser("admin", "admin@coop.example", "admin")
    made = load(count=MEMBERS, seed=SEED, now=now)
    made += load_one(username="member", password="member", seed=SEED, now=now)  # noqa: S106
    search.index_everybody()
    return made


def dumps(now: datetime) -> list[str]:
    """Let django-dbbackup make dumps at earlier dates, one of them by today's clock each. Returns their names."""
    # Its only handler mails ADMINS; the demonstration's console is enough.
    logging.getLogger("dbbackup").setLevel(logging.ERROR)
    storage = storages["dbbackup"]
    with _key_for_dumps() as recipient:
        for days, kind in DUMPS:
            words = ["--compress"] if kind == "gz" else []
            if kind == "gpg":
                if not recipient:
                    continue
                words = ["--encrypt"]
            moment = now - timedelta(days=days)
            before = set(storage.listdir("")[1]) if storage.exists("") else set()
            with time_machine.travel(moment, tick=True):
                call_command("dbbackup", "--quiet", *words, verbosity=0)
            for name in set(storage.listdir("")[1]) - before:
                os.utime(storage.path(name), (moment.timestamp(), moment.timestamp()))
    return sorted(name for name in storage.listdir("")[1] if not name.endswith(".metadata"))


@contextmanager
def _key_for_dumps() -> Iterator[str]:
    """A key to encrypt to, in a home of its own that goes with its agent; empty without gnupg."""
    if not shutil.which("gpg"):
        yield ""
        return
    # The agent's socket lies in it, and a socket's path must be short.
    home = Path(tempfile.mkdtemp(prefix="coop-gpg-"))
    former, former_recipient = os.environ.get("GNUPGHOME"), dbbackup_settings.GPG_RECIPIENT
    os.environ["GNUPGHOME"] = str(home)
    recipient = "backups@coop.example"
    try:
        words = ("--batch", "--quiet", "--passphrase", "", "--quick-generate-key", recipient, "default", "default")
        made = subprocess.run(["gpg", *words], capture_output=True, check=False)  # noqa: S603, S607
        dbbackup_settings.GPG_RECIPIENT = recipient
        yield recipient if made.returncode == 0 else ""
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], capture_output=True, check=False)  # noqa: S607
        dbbackup_settings.GPG_RECIPIENT = former_recipient
        if former is None:
            del os.environ["GNUPGHOME"]
        else:
            os.environ["GNUPGHOME"] = former
        shutil.rmtree(home, ignore_errors=True)
