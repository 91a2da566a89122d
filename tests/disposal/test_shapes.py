"""Must show, Shapes: inherited users, proxies, circles, and rows that cascade against their declaration."""

from __future__ import annotations

from tests.processes import run_under


def test_a_site_of_odd_shapes_keeps_its_policy() -> None:
    run_under("host_shapes", "tests/disposal/shapes.py")
