"""Small disks that really run full, and really cannot be written to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A file system in memory that a test fills up or locks."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / ".filler"

    def fill_up(self, *, leave: int) -> None:
        """Take all room but ``leave`` bytes."""
        self.make_room()
        found = os.statvfs(self.place)
        with self._filler.open("wb") as file:
            file.write(b"\0" * max(found.f_bavail * found.f_bsize - leave, 0))

    def make_room(self) -> None:
        self._filler.unlink(missing_ok=True)

    def lock(self) -> None:
        """Nothing can be written, or removed, any more."""
        _mount("-o", "remount,ro", str(self.place))

    def unlock(self) -> None:
        _mount("-o", "remount,rw", str(self.place))


@contextmanager
def disk(place: Path, *, megabytes: int, owner: str = "") -> Iterator[Disk]:
    """Mount one at ``place``; skips where this process may not mount."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small disk that runs full")
    place.mkdir(parents=True, exist_ok=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "crash", str(place))
    except subprocess.CalledProcessError:
        pytest.skip("this machine lets nobody mount the small disk that runs full")
    try:
        if owner:
            import shutil

            shutil.chown(place, owner)
        yield Disk(place)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
