"""The tutorial, followed word by word in an empty folder: its files, its commands, and what it says they do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tutorial" / "first-site.md"
#: A code block belongs to the file that was named last before it.
NAMED_BLOCK = re.compile(
    r"`(?P<file>[a-z_/]+\.(?:py|toml))`(?:(?!`[a-z_/]+\.(?:py|toml)`).)*?```[a-z]+\n(?P<text>.*?)```", re.DOTALL
)
NO_MIGRATION = not list((ROOT / "privacy" / "migrations").glob("0*.py"))

pytestmark = pytest.mark.skipif(NO_MIGRATION, reason="the app has no migration yet")


@dataclass
class Site:
    """The tutorial's folder, with the commands that a reader types."""

    folder: Path

    def python(self, *words: str, status: int = 0) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def manage(self, *words: str, status: int = 0) -> str:
        return self.python("manage.py", *words, status=status)

    def json(self, *words: str, status: int = 0) -> Any:
        return json.loads(self.manage(*words, "--json", status=status))

    def shell(self, script: str) -> str:
        return self.manage("shell", "--verbosity", "0", "--command", script)


def blocks() -> Mapping[str, list[str]]:
    """The code blocks of each file, in the order in which they stand."""
    found: dict[str, list[str]] = {}
    for block in NAMED_BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        found.setdefault(block["file"], []).append(block["text"])
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of the tutorial's chapter 2: it had data, the app came, nothing is declared yet."""
    site, text = Site(tmp_path_factory.mktemp("bookshop")), blocks()
    site.python("-m", "django", "startproject", "bookshop", ".")
    site.python("-m", "django", "startapp", "shop")
    settings = site.folder / "bookshop/settings.py"
    before, after = text["bookshop/settings.py"]
    for name in ("shop/models.py", "fill.py"):
        (site.folder / name).write_text(text[name][0])
    settings.write_text(f"{settings.read_text()}\n{before}")
    site.manage("makemigrations", "shop")
    site.manage("migrate")
    site.shell(text["fill.py"][0])

    settings.write_text(f"{settings.read_text()}\n{after}")
    (site.folder / "bookshop/urls.py").write_text(text["bookshop/urls.py"][0])
    site.manage("migrate")
    return site


def status_of(site: Site, promise: str) -> str:
    (found,) = [row for row in site.json("privacy_promises")["promises"] if row["id"] == promise]
    return str(found["status"])


def test_a_reader_who_follows_the_tutorial_sees_what_it_says(site: Site) -> None:
    text = blocks()
    declarations, profile = text["shop/privacy.py"][0], text["promises.toml"][0]

    site.manage("check")
    undeclared = site.json("privacy_coverage", status=3)["undeclared"]
    assert {"shop.Order", "shop.Review"} <= {row["model"] for row in undeclared}

    (site.folder / "shop/privacy.py").write_text(declarations.replace("    plain =", "    # plain ="))
    complaint = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=site.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "shop.Order.number" in complaint.stdout + complaint.stderr
    (site.folder / "shop/privacy.py").write_text(declarations)
    assert site.manage("check").strip() == "System check identified no issues (0 silenced)."
    assert site.json("privacy_coverage")["undeclared"] == []

    (site.folder / "promises.toml").write_text(profile)
    site.manage("privacy_profile", "promises.toml")
    assert {status_of(site, promise) for promise in ("SHOP-4-1", "SHOP-4-2", "SHOP-5-1")} == {"cannot_tell"}

    site.manage("privacy_nightly")
    assert site.shell("from shop.models import Review; print(Review.objects.count())").strip() == "2"
    assert status_of(site, "SHOP-4-2") == "broken"
    site.manage("privacy_nightly", "--confirm")
    assert site.shell("from shop.models import Review; print(Review.objects.count())").strip() == "1"
    assert status_of(site, "SHOP-4-2") == "kept"

    site.manage("privacy_backup")
    assert status_of(site, "SHOP-5-1") == "kept"

    plan = site.json("privacy_close", "alice", "--dry-run")
    assert {step["model"] for step in plan["steps"]} >= {"shop.Order", "shop.Review"}
    report = site.json("privacy_close", "alice")
    assert report["status"] == "done"
    assert report["errors"] == []
    left = site.shell(
        "from shop.models import Order, Review\n"
        "order = Order.objects.get()\n"
        "print([order.customer_id, order.address, str(order.total), Review.objects.count()])\n"
    )
    assert left.strip() == "[None, '', '20.00', 0]"
    assert status_of(site, "SHOP-4-1") == "kept"

    for name in ("bookshop/celery.py", "bookshop/__init__.py"):
        (site.folder / name).write_text(text[name][0])
    told = site.shell(
        "from bookshop import celery_app; celery_app.loader.import_default_modules(); print(*celery_app.tasks)"
    )
    assert "privacy.nightly" in told
