"""Must show, Shapes: people whose rows are in several databases go from all of them."""

from __future__ import annotations

from tests.processes import run_under


def test_an_account_goes_from_every_database() -> None:
    run_under("host_two", "tests/disposal/two_databases.py")
