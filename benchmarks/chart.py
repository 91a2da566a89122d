"""One chart of all results that are held against a limit: a bar a figure, as a share of its limit."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

_WIDTH, _LEFT, _ROW, _TOP = 960, 470, 30, 64
_FULL = 330  # a bar that reaches its limit
_GOOD, _BAD, _INK, _LINE, _PAPER = "#2f7d5b", "#b3261e", "#1d2433", "#8a93a5", "#ffffff"


def draw(place: Path) -> None:
    """Draw ``chart.svg`` out of every file of results in ``place``."""
    rows = [row for path in sorted(place.glob("*.json")) for row in _rows(json.loads(path.read_text()))]
    (place / "chart.svg").write_text(_svg(rows), encoding="utf-8")


def _rows(told: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    database = told["facts"]["database"].split()[0]
    names = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
    return [
        (f"{names.get(database, database)}: {each['name']}", each)
        for results in told["measured"].values()
        for each in results
        if each["limit"]  # of nothing there is no share
    ]


def _svg(rows: list[tuple[str, dict[str, Any]]]) -> str:
    height = _TOP + _ROW * len(rows) + 24
    title = "Measured figures as a share of their limits"
    words = "; ".join(f"{name} {each['figure']:g} of at most {each['limit']:g}" for name, each in rows)
    mark = _LEFT + _FULL
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            ' aria-labelledby="bench-title bench-desc" font-family="system-ui, sans-serif" font-size="14">',
            f'<title id="bench-title">{title}</title>',
            f'<desc id="bench-desc">{escape(words)}</desc>',
            f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>',
            f'<text x="24" y="34" font-size="18" font-weight="600" fill="{_INK}">{title}</text>',
            f'<text x="{mark}" y="{_TOP - 8}" text-anchor="middle" fill="{_INK}">limit</text>',
            *(_bar(number, name, each) for number, (name, each) in enumerate(rows)),
            f'<path d="M{mark} {_TOP - 2}V{height - 18}" stroke="{_INK}" stroke-dasharray="4 3"/>',
            "</svg>\n",
        ]
    )


def _bar(number: int, name: str, each: dict[str, Any]) -> str:
    share = max(each["figure"], 0.0) / each["limit"]
    middle = _TOP + _ROW * number + _ROW // 2
    length = max(2.0, min(share, 1.2) * _FULL)
    colour = _GOOD if share <= 1 else _BAD
    figure = f"{each['figure']:g} of {each['limit']:g} {each['unit']}".rstrip()
    return (
        f'<text x="{_LEFT - 12}" y="{middle + 5}" text-anchor="end" fill="{_INK}">{escape(name)}</text>'
        f'<rect x="{_LEFT}" y="{middle - 9}" width="{_FULL}" height="18" rx="4" fill="{_LINE}" opacity="0.18"/>'
        f'<rect x="{_LEFT}" y="{middle - 9}" width="{length:.1f}" height="18" rx="4" fill="{colour}"/>'
        f'<text x="{_LEFT + max(length, _FULL) + 10:.1f}" y="{middle + 5}" fill="{_INK}">{escape(figure)}</text>'
    )
