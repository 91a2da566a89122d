"""The documentation: what it links to is there, and each room has its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


def test_every_page_is_reached_from_the_index_of_its_folder() -> None:
    for index in (ROOT / "docs").glob("*/README.md"):
        linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))}
        pages = {page.resolve() for page in index.parent.glob("*.md")} - {index.resolve()}
        assert pages <= linked, f"{index.parent.name}: {sorted(page.name for page in pages - linked)}"


def test_every_room_has_a_page_of_reference() -> None:
    rooms = {path.parent.name for path in (ROOT / "privacy").glob("*/__init__.py")}
    rooms -= {"management", "migrations", "templatetags"}
    pages = {page.stem for page in (ROOT / "docs" / "reference").glob("*.md")}
    assert rooms <= pages, f"without a page: {sorted(rooms - pages)}"


def test_the_readme_shows_one_picture_and_both_commands_on_its_first_screen() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]
    text = "\n".join(first_screen)
    assert len(re.findall(r"!\[", text)) == 1
    assert "make demo" in text
    assert "make test" in text
