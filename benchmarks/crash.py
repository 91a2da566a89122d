"""Kills a purge of 500 accounts at twenty random moments: ``make crash``.

Each kill takes a copy of the same site. Its moment is drawn from its own twentieth of the purge's measured duration, so
that together they hit all of it, rows, files and stores. After the next night every table and file must equal those
of a site that nobody disturbed, and the evidence must tell each account once.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from random import Random

import django

KILLS = 20


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.crash.sites import database_server, filled

    seed = int(os.environ.get("SEED") or Random().randrange(10**6))
    kills = int(os.environ.get("KILLS") or KILLS)
    sys.stdout.write(f"{database_server()}: {kills} kills, seed {seed} (SEED={seed} make crash repeats it)\n")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        site = filled(root / "site", seed=seed)
        try:
            return _kill_all(root, site, kills, Random(seed))
        finally:
            site.drop()


def _kill_all(root: Path, full: object, kills: int, chance: Random) -> int:
    from tests.crash import killing
    from tests.crash.sites import DAY, NIGHT, Site

    assert isinstance(full, Site)
    reference = full.copy(root / "uninterrupted")
    try:
        took = killing.measured(reference)
        reference.night(NIGHT + DAY)
        uninterrupted = reference.picture()
    finally:
        reference.drop()
    sys.stdout.write(f"the undisturbed purge took {took:.1f} s\n")
    bad = followed = 0
    for number in range(kills):
        share = (number + chance.random()) / kills
        for attempt in range(4):
            site = full.copy(root / f"killed{number}-{attempt}")
            try:
                # Another process may have slowed the measured night: a moment behind the end is taken again, earlier.
                found = killing.killed_after(site, took * share * 0.8**attempt)
                if not found.purging:
                    continue
                faults = killing.faults_after(site, uninterrupted)
            finally:
                site.drop()
            break
        else:
            faults = ["the purge was over each time before it was killed"]
        bad += bool(faults)
        followed += found.in_follow_up
        where = "files and stores" if found.in_follow_up else "rows"
        sys.stdout.write(
            f"  {number + 1:2} at {found.seconds:5.2f} s, {found.erased:3} erased, {found.finished:3} finished, "
            f"in its {where}: {'; '.join(faults) or 'equal'}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"{kills - bad} of {kills} equal an uninterrupted run; {followed} hit files and stores\n")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
