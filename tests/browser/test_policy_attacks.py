"""HTML in a policy cannot run script, load an image from elsewhere or leave the page's Content-Security-Policy.

A corpus of attacks is published past all services and opened in a real browser, once under the strict policy, which
may have nothing to complain of, and once with the policy switched off, where nothing may happen all the same.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from privacy.policies.models import PolicyDocument, PolicyVersion
from privacy.policies.rendering import Format
from tests.browser.csp import MEMBER
from tests.policies.attacks import ATTACKS, EVIL
from tests.policies.test_printed_attacks import trap  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Watched:
    """A page that remembers whatever an attack could cause."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.seen: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._saw(True, f"script: {error}"))
        page.on("dialog", self._dialog)
        page.on("popup", lambda other: self._saw(True, f"window: {other.url}"))
        page.on("request", self._request)

    def _saw(self, bad: bool, what: str) -> None:
        if bad:
            self.seen.append(what)

    def _console(self, message: ConsoleMessage) -> None:
        # The browser asks for an icon by itself.
        self._saw(message.type == "error" and not message.location["url"].endswith("/favicon.ico"), message.text)

    def _dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        self._saw(not request.url.startswith(self.site), f"request: {request.url}")

    def opened(self, path: str) -> list[str]:
        """What happened when the page was opened, and its parts were touched."""
        self.seen.clear()
        answer = self.page.goto(f"{self.site}{path}")
        assert answer is not None
        assert answer.ok
        links = self.page.locator(".pv-policy a")
        for at in range(min(links.count(), 3)):
            links.nth(at).dispatch_event("mouseover")
        self._saw(self.page.url != f"{self.site}{path}", f"left for {self.page.url}")
        return list(self.seen)


def publish(attacks: list[str], form: Format) -> list[str]:
    """One version an attack, in the database alone: no lint and no service stands before the page."""
    PolicyDocument.objects.create(pk="privacy", added_at=WHEN)
    PolicyVersion.objects.bulk_create(
        PolicyVersion(
            key=f"privacy.en.{number}",
            document_id="privacy",
            language="en",
            number=number,
            title="Privacy policy",
            form=form,
            # PostgreSQL keeps no NUL, and a service refuses it.
            text=f"# One\n\n{attack}\n\n## Two\n\n{attack}\n".replace("\x00", ""),
            digest="0" * 64,
            revised_on=date(2026, 3, 1),
            published_at=WHEN,
        )
        for number, attack in enumerate(attacks, start=1)
    )
    return [f"/privacy/documents/privacy/en/{number}/" for number in range(1, len(attacks) + 1)]


@pytest.mark.parametrize(
    ("form", "without_policy"), [(Format.HTML, False), (Format.HTML, True), (Format.MARKDOWN, True)]
)
def test_html_in_a_policy_cannot_run_script_load_an_image_from_elsewhere_or_leave_the_policy(
    chromium: Browser,
    site: str,
    trap: tuple[str, list[str]],  # noqa: F811
    form: Format,
    without_policy: bool,
) -> None:
    address, asked = trap
    context = chromium.new_context(bypass_csp=without_policy)
    watched = Watched(context.new_page(), site)
    found = {}
    for path, attack in zip(publish([one.replace(EVIL, address) for one in ATTACKS], form), ATTACKS, strict=True):
        if seen := watched.opened(path):
            found[attack] = seen
    context.close()
    assert found == {}
    assert asked == []


@pytest.mark.parametrize(
    ("without_policy", "attack", "told"),
    [
        (False, "<img src=x onerror=alert(1)>", "Content Security Policy"),
        (False, f"<img src={EVIL}/pixel.gif>", "Content Security Policy"),
        (True, f"<img src={EVIL}/pixel.gif>", "request: "),
        (True, "<img src=data:, onerror=alert(1)>", "dialog: 1"),
        (True, f"<meta http-equiv=refresh content='0;url={EVIL}'>", "request: "),
    ],
)
def test_the_browser_would_have_told_of_an_attack(
    chromium: Browser,
    site: str,
    trap: tuple[str, list[str]],  # noqa: F811
    without_policy: bool,
    attack: str,
    told: str,
) -> None:
    """The watch is held to pages that were not cleaned: else the test above could pass blind."""
    context = chromium.new_context(bypass_csp=without_policy)
    page = context.new_page()
    body = f"<!DOCTYPE html><title>x</title><main class=pv-policy>{attack.replace(EVIL, trap[0])}</main>"
    answer = {"status": 200, "content_type": "text/html", "body": body, "headers": {"Content-Security-Policy": MEMBER}}
    page.route("**/raw/", lambda route: route.fulfill(**answer))
    watched = Watched(page, site)
    watched.page.goto(f"{site}/raw/")
    page.wait_for_timeout(300)
    context.close()
    assert any(told in one for one in watched.seen), watched.seen
