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
    r"`(?P<file>[a-z/]+\.(?:py|toml))`(?:(?!`[a-z/]+\.(?:py|toml)`).)*?```[a-z]+\n(?P<text>.*?)```", re.DOTALL
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


def blocks() -> Mapping[str, str]:
    return {found["file"]: found["text"] for found in NAMED_BLOCK.finditer(PAGE.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site of the tutorial's chapter 2: installed, migrated, nothing declared; Alice has a past."""
    site, text = Site(tmp_path_factory.mktemp("bookshop")), blocks()
    site.python("-m", "django", "startproject", "bookshop", ".")
    site.python("-m", "django", "startapp", "shop")
    (site.folder / "shop/models.py").write_text(text["shop/models.py"])
    settings = site.folder / "bookshop/settings.py"
    settings.write_text(settings.read_text() + "\n" + text["bookshop/settings.py"])
    (site.folder / "bookshop/urls.py").write_text(text["bookshop/urls.py"])
    site.manage("makemigrations", "shop")
    site.manage("migrate")
    site.shell(
        "from datetime import timedelta\n"
        "from django.contrib.auth.models import User\n"
        "from django.utils import timezone\n"
        "from shop.models import Order, Review\n"
        "now = timezone.now()\n"
        "alice = User.objects.create_user('alice')\n"
        "User.objects.bulk_create(User(username=f'reader{n}') for n in range(40))\n"
        "Order.objects.create(customer=alice, number='1', address='Elm Street 1', total=20, placed_at=now)\n"
        "Review.objects.create(author=alice, text='new', written_at=now)\n"
        "Review.objects.create(author=alice, text='old', written_at=now - timedelta(days=1200))\n"
    )
    return site


def status_of(site: Site, promise: str) -> str:
    (found,) = [row for row in site.json("privacy_promises")["promises"] if row["id"] == promise]
    return str(found["status"])


def test_a_reader_who_follows_the_tutorial_sees_what_it_says(site: Site) -> None:
    text = blocks()

    undeclared = site.json("privacy_coverage", status=3)["undeclared"]
    assert {"shop.Order", "shop.Review"} <= {row["model"] for row in undeclared}

    (site.folder / "shop/privacy.py").write_text(text["shop/privacy.py"].replace("    plain =", "    # plain ="))
    complaint = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=site.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "shop.Order.number" in complaint.stdout + complaint.stderr
    (site.folder / "shop/privacy.py").write_text(text["shop/privacy.py"])
    site.manage("check")
    assert site.json("privacy_coverage")["undeclared"] == []

    (site.folder / "promises.toml").write_text(text["promises.toml"])
    site.manage("privacy_profile", "promises.toml")
    assert status_of(site, "SHOP-4-2") == "cannot_tell"

    site.manage("privacy_nightly")
    assert site.shell("from shop.models import Review; print(Review.objects.count())").strip() == "2"
    assert status_of(site, "SHOP-4-2") == "broken"
    site.manage("privacy_nightly", "--confirm")
    assert site.shell("from shop.models import Review; print(Review.objects.count())").strip() == "1"
    assert status_of(site, "SHOP-4-2") == "kept"

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
