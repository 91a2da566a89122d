"""Must show, Shapes: accounts with UUID and e-mail keys go as those with numbers do."""

from __future__ import annotations

import pytest

from tests.processes import run_under


@pytest.mark.parametrize("site", ["host_uuid", "host_email"])
def test_an_account_goes_whatever_the_primary_key_of_the_user(site: str) -> None:
    run_under(site, "tests/disposal/keys.py")
