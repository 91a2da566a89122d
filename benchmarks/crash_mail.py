"""Kills whoever sends 20,000 messages at twenty random moments: ``make crash-mail``.

The mail server is real, in a process of its own, and answers in every way: it takes, puts off, refuses, drops the
connection after the text, before and after it noted the mail, and falls silent. In the end nobody is lost, nobody got
the mail twice, and each message in doubt has its cause.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import django

PEOPLE, KILLS = 20_000, 20


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.crash.sites import database_server
    from tests.messages.crashing import kill_a_sender

    seed = int(os.environ.get("SEED") or Random().randrange(10**6))
    people, kills = int(os.environ.get("PEOPLE") or PEOPLE), int(os.environ.get("KILLS") or KILLS)
    sys.stdout.write(f"{database_server()}: {people} messages, {kills} kills, seed {seed}\n")
    sys.stdout.flush()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = kill_a_sender(Path(folder), people=people, kills=kills, seed=seed)
    faults = found.faults(people)
    lost = sum(found.fates[fate] for fate in ("drop", "take_and_drop", "hang_after"))
    sys.stdout.write(
        f"{found.states}; {lost} connections lost after the text; {time.monotonic() - began:.0f} s\n"
        f"{'; '.join(faults) or 'nobody lost, nobody twice, every doubt has its cause'}\n"
    )
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
