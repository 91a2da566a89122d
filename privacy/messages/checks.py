"""System checks: what keeps messages from leaving in the promised form (privacy.E8xx, W8xx)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning, register

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.messages.rules import MessageRules, message_rules
from privacy.promises.queries import facts


@register("privacy", "database")
def the_form_can_be_kept(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Needs rows: run with ``check --database default``."""
    if not databases:
        return []
    from django.db import DatabaseError, transaction

    from privacy.consent.models import Purpose

    try:
        with transaction.atomic():
            rules, site = message_rules(), facts()
            purposes = set(Purpose.objects.values_list("code", flat=True))
    except (DatabaseError, PrivacyError):
        return []  # before the first migrate; a broken profile is told by its own check
    return [*_faults(rules, bool(site.postal_address)), *_purposeless(rules, purposes)]


@register("privacy", deploy=True)
def one_click_can_be_offered(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """RFC 8058 gives the button of the mail program to secure addresses only."""
    if not settings.site_url.startswith("http://"):
        return []
    return [
        Warning(
            "PRIVACY['SITE_URL'] is no https address, so no mail program shows a button that stops mails.",
            hint="Serve the site by https, and set its address so.",
            id="privacy.W803",
        )
    ]


def _faults(rules: MessageRules, has_address: bool) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    linked = rules.link_on == "every" or rules.promotional
    if linked and not settings.site_url:
        found.append(
            Warning(
                "PRIVACY['SITE_URL'] is empty, so no mail can carry the way out that the profile promises.",
                hint="Set the public address of the site; until then such mails stay in the outbox, refused.",
                id="privacy.W801",
            )
        )
    if rules.postal_address_on and not has_address:
        found.append(
            Warning(
                "The profile promises a postal address in mails, and [site] has none.",
                hint="Write postal_address in the profile's [site].",
                id="privacy.W802",
            )
        )
    return found


def _purposeless(rules: MessageRules, purposes: set[str]) -> list[CheckMessage]:
    """A purpose may be added by the admin's screen as well, so the profile is not refused for one that is missing."""
    return [
        Warning(
            f'The topic "{topic.code}" asks for a consent to "{topic.purpose}", which does not exist: nobody gets it.',
            hint="Name one of the profile's [[consent.purposes]], or add it on the admin's screen of purposes.",
            id="privacy.W804",
        )
        for topic in rules.topics.values()
        if topic.purpose and topic.purpose not in purposes
    ]
