"""System checks by id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.core.files.storage import Storage

from privacy.backups import checks as own
from tests.backups.conftest import Unlistable


def ids(deploy: bool = False) -> list[str]:
    run = own.check_remote_backups if deploy else own.check_backups
    return [str(message.id) for message in run()]


def test_a_folder_of_its_own_passes(dumps: Path) -> None:
    assert ids() == []


def test_the_checks_are_bound() -> None:
    assert own.check_backups in checks.registry.registry.get_checks()
    assert own.check_remote_backups in checks.registry.registry.get_checks(include_deployment_checks=True)


@pytest.mark.parametrize("root", ["MEDIA_ROOT", "STATIC_ROOT"])
@pytest.mark.parametrize("inside", ["", "private/dumps"])
def test_dumps_that_visitors_could_fetch_are_an_error(dumps: Path, settings: Any, root: str, inside: str) -> None:
    setattr(settings, root, str(dumps))
    entry = {**settings.STORAGES["dbbackup"], "OPTIONS": {"location": str(dumps / inside)}}
    settings.STORAGES = {**settings.STORAGES, "dbbackup": entry}
    (message, *_) = own.check_backups()
    assert (message.id, message.level) == ("privacy.E401", checks.ERROR)
    assert root in message.msg
    assert message.hint


def test_a_file_storage_without_a_folder_is_the_uploads(settings: Any) -> None:
    entry = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES = {**settings.STORAGES, "dbbackup": entry}
    assert "privacy.E401" in ids()


def test_a_missing_storage_is_an_error_because_dbbackup_falls_back_to_the_uploads(settings: Any) -> None:
    settings.STORAGES = {name: entry for name, entry in settings.STORAGES.items() if name != "dbbackup"}
    assert ids() == ["privacy.E401", "privacy.E402"]


def test_an_alias_that_is_not_there_is_an_error(dumps: Path, settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "BACKUP_STORAGE": "elsewhere"}
    assert ids() == ["privacy.E402"]


def test_a_site_without_dbbackup_is_warned(dumps: Path, settings: Any) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "dbbackup"]
    assert ids() == ["privacy.W403"]


def test_a_folder_that_cannot_be_listed_is_warned_about(dumps: Path) -> None:
    dumps.rmdir()
    dumps.write_text("a file where a folder should be")
    assert ids() == ["privacy.W404"]


def test_a_remote_storage_is_listed_only_before_going_live(use_storage: Callable[..., None], settings: Any) -> None:
    entry = {"BACKEND": "tests.backups.test_checks.Remote"}
    settings.STORAGES = {**settings.STORAGES, "dbbackup": entry}
    assert ids() == []
    assert ids(deploy=True) == ["privacy.W404"]


def test_a_folder_that_cannot_be_listed_is_not_named_twice(use_storage: Callable[..., None]) -> None:
    use_storage(Unlistable)
    assert (ids(), ids(deploy=True)) == (["privacy.W404"], [])


def test_a_wrong_setting_is_left_to_its_own_check(settings: Any) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "BACKUP_STORAGE": 7}
    assert (ids(), ids(deploy=True)) == ([], [])


class Remote(Storage):
    """A storage that is no folder and cannot be listed."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        raise TimeoutError
