"""User models with other keys than numbers: a settings module and a process each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("site", ["host_uuid", "host_email"])
def test_rows_are_found_whatever_the_primary_key_of_the_user(site: str) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    env |= {
        "DJANGO_SETTINGS_MODULE": f"tests.{site}_settings",
        "PRIVACY_TEST_DB": f"{env.get('PRIVACY_TEST_DB', 'suite')}_{site}_{os.getpid()}",
    }
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--ds=tests.{site}_settings"]
    done = subprocess.run([*words, "tests/datamap/keys.py"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "passed" in done.stdout
