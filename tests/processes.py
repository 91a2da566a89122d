"""Tests that need other settings run in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


#: What a test run sets for itself: a process of its own begins without it.
_OURS = ("PYTEST_", "COV_", "PRIVACY_TEST_TRIGGERS")


def environment() -> dict[str, str]:
    """This process's environment, without what belongs to its own test run."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def run_under(site: str, path: str) -> None:
    """Run the tests of ``path`` under ``tests.<site>_settings``; fails with their output when one fails."""
    env = environment()
    env |= {
        "DJANGO_SETTINGS_MODULE": f"tests.{site}_settings",
        "PRIVACY_TEST_DB": f"{env.get('PRIVACY_TEST_DB', 'suite')}_{site}_{os.getpid()}",
    }
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--ds=tests.{site}_settings", path]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
