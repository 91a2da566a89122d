"""The demo site has settings of its own, so its tests run in a process of their own, a file each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import environment

ROOT = Path(__file__).resolve().parents[2]


def site_environment(folder: Path) -> dict[str, str]:
    env = environment()
    return env | {
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "DEMO_DIR": str(folder),
        "PRIVACY_TEST_DB": f"{env.get('PRIVACY_TEST_DB', 'suite')}_{os.getpid()}",
    }


@pytest.mark.parametrize("part", ["canary", "declarations", "generator", "pages", "search"])
def test_the_demo_site(part: str, tmp_path: Path) -> None:
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--ds=project.settings", f"tests/coop/{part}.py"]
    env = site_environment(tmp_path)
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("debug", ["", "1"])
def test_check_finds_nothing_to_say(debug: str, tmp_path: Path) -> None:
    env = site_environment(tmp_path) | {"DEBUG": debug, "DATABASE_URL": ""}
    words = [sys.executable, "manage.py", "check", "--fail-level", "WARNING"]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_the_site_writes_stays_in_its_directory(tmp_path: Path) -> None:
    read = (
        "from django.conf import settings as s; from django.core.files.storage import storages as t;"
        "print(s.DATABASES['default']['NAME'], s.MEDIA_ROOT, t['dbbackup'].location, s.CACHES['default']['LOCATION'],"
        " s.CELERY_BROKER_TRANSPORT_OPTIONS['data_folder_in'], s.EMAIL_FILE_PATH, sep='\\n')"
    )
    env = site_environment(tmp_path) | {"DATABASE_URL": "", "CELERY_BROKER_URL": ""}
    done = subprocess.run([sys.executable, "-c", read], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    paths = [Path(line) for line in done.stdout.split()]
    assert len(paths) == 6
    assert all(path.is_relative_to(tmp_path) for path in paths)
    media, dumps = paths[1], paths[2]
    assert not dumps.is_relative_to(media)


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    env = site_environment(tmp_path) | {"SECRET_KEY": ""}
    words = [sys.executable, "-c", "from django.conf import settings; print(settings.SECRET_KEY)"]
    at_once = [subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    secrets = {process.communicate()[0].strip() for process in at_once}
    assert len(secrets) == 1
    assert len(secrets.pop()) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
