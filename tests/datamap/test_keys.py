"""User models with other keys than numbers: a settings module and a process each."""

from __future__ import annotations

import pytest

from tests.processes import run_under


@pytest.mark.parametrize("site", ["host_uuid", "host_email"])
def test_rows_are_found_whatever_the_primary_key_of_the_user(site: str) -> None:
    run_under(site, "tests/datamap/keys.py")
