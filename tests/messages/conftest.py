"""A site that writes to people: profiles with other rules, members, and a real mail server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from privacy.core.actors import Actor
from privacy.messages import services
from privacy.promises.services import load_profile
from tests.messages.mailserver import Script, Server

PASSWORD = "correct horse battery"
PROFILE = """
[site]
code = "TST"
name = "Test Site"
postal_address = ["1 Example Street", "Example Town"]
languages = ["en"]

[site.contacts]
email = "privacy@example.org"

[closure]
after = "P0D"
route = ["self"]
identity = "may"

[[consent.purposes]]
code = "news"
title = "Our newsletter"
legal_basis = "consent"
category = "contact"
period = "P2Y"
express = true
version = "1"
wordings = {{ en = "Yes, send me the newsletter." }}

[messages]
{rules}

[[messages.topics]]
code = "offers"
title = "Our offers"
class = "marketing_own"
basis = "opt_out"

[[messages.topics]]
code = "partners"
title = "Offers of partners"
class = "marketing_partner"
basis = "opt_out"

[[messages.topics]]
code = "newsletter"
title = "Our newsletter"
class = "newsletter"
basis = "opt_in"
purpose = "news"

[[promise]]
id = "TST-1-1"
clause = "§1"
kind = "duty"
says = "Nobody gets promotion after an opt-out."
check = "messages.none_after_opt_out"
"""


class Mailbox(Script):
    """The server's script, and what it took, by recipient."""

    def to(self, address: str) -> list[Any]:
        return [mail for recipient, mail in self.mails if recipient == address]


@pytest.fixture
def rules(db: None, tmp_path: Path, now: datetime) -> Callable[..., None]:
    """``rules('opt_out = "all"')`` loads a profile with these keys in ``[messages]``."""

    def load(*keys: str) -> None:
        path = tmp_path / "profile.toml"
        path.write_text(PROFILE.format(rules="\n".join(keys)), encoding="utf-8")
        load_profile(path=path, now=now, actor=Actor.system("tests"))

    return load


@pytest.fixture
def site(rules: Callable[..., None], settings: Any) -> None:
    """A site with its address and the usual rules."""
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    settings.DEFAULT_FROM_EMAIL = "Test Site <site@example.org>"
    rules()


@pytest.fixture
def server(settings: Any) -> Iterator[Mailbox]:
    """A real mail server; the site sends to it by Django's own settings."""
    mailbox = Mailbox()
    loop = asyncio.new_event_loop()
    serving = Server(mailbox)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    # From its own thread: a browser test in this process may have left a loop running in this one.
    asyncio.run_coroutine_threadsafe(serving.start(), loop).result(10)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", serving.port, 1
    yield mailbox

    async def end() -> None:
        serving._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def member(db: None) -> Any:
    return get_user_model().objects.create_user("robin", "robin@example.org", PASSWORD)


@pytest.fixture
def staff(db: None) -> Any:
    return get_user_model().objects.create_superuser("staff", "staff@example.org", PASSWORD)


@pytest.fixture
def queue(now: datetime) -> Callable[..., services.Queued]:
    """Queue a message; everything has a value already."""

    def put(**words: Any) -> services.Queued:
        given = {"topic": "offers", "subject": "News from us", "text": "Hello\n\nWe have something.", "now": now}
        return services.queue(**given | words)

    return put


@pytest.fixture
def send(now: datetime, actor: Actor) -> Callable[..., services.DispatchReport]:
    """One run of the outbox."""

    def run(at: datetime | None = None) -> services.DispatchReport:
        return services.dispatch(now=at or now, actor=actor)

    return run
