"""A real Chromium against the running site, under a strict policy; every page is watched for what it blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.account.conftest import PASSWORD, closure_rules, member, stand_in  # noqa: F401 fixtures
from tests.browser import furniture

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing. Install the package chromium, or name it in CHROMIUM.")
        pytest.skip("Chromium is not installed")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's own event loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    if before is None:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def site(live_server: Any) -> str:
    """The running site's address; the suite's settings send the strict policy with every page."""
    return str(live_server.url)


class Visitor:
    """Opens pages in one browser context and remembers what the browser complained about."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.browser = browser
        self.site = site
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    def page(self, *, user: Any = None, **options: Any) -> Page:
        context = self.browser.new_context(base_url=self.site, **{"viewport": DESK, **options})
        self._contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["sessionid"]
            context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": self.site}])
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def visitor(chromium: Browser, site: str, transactional_db: None) -> Iterator[Visitor]:
    guest = Visitor(chromium, site)
    yield guest
    guest.close()


@pytest.fixture
def staff(transactional_db: None) -> Any:
    return get_user_model().objects.create_superuser("warden", "warden@example.org", PASSWORD)


@pytest.fixture
def furnished(member: Any, staff: Any) -> datetime:  # noqa: F811
    """A site with a past: a ledger of some weeks, nights, closures of every kind, backups."""
    ContentType.objects.clear_cache()
    now = timezone.now()
    furniture.furnish(now=now, staff=staff)
    return now


@pytest.fixture(scope="session")
def accessible() -> Callable[..., list[str]]:
    """``accessible(page)``: what axe finds wrong, one line each; ``within`` limits it to a part of the page."""
    axe = Axe()

    def run(page: Page, within: str | None = None) -> list[str]:
        found = axe.run(page, context=within).response["violations"]
        return [
            f"{one['id']} ({one['impact']}): {node['target']} {node.get('failureSummary', '')}"
            for one in found
            for node in one["nodes"]
        ]

    return run


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


__all__ = ["DESK", "PASSWORD", "PHONE", "Visitor", "overflow"]
