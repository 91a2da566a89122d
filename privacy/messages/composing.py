"""One mail as it leaves: the form that the policy promises is put on here, whoever wrote the text.

Source: HTC-5.3-1, HVR-4-2, CPT-6-1, HMY-15-3 to HMY-15-5, HMY-15-8, RFC 2369, RFC 8058.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import make_msgid, parseaddr
from typing import Any

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.messages.classes import Topic
from privacy.messages.models import OutboxMessage
from privacy.messages.rules import MessageRules
from privacy.messages.tokens import token_for, unsubscribe_url
from privacy.promises.facts import Facts

#: Headers that the form itself sets, or that would let a mail be something else than its row says.
_OURS = {
    "to", "cc", "bcc", "from", "subject", "sender", "message-id", "date", "list-unsubscribe", "list-unsubscribe-post",
    "x-privacy-topic", "x-privacy-key", "content-type", "mime-version",
}  # fmt: skip


class UntruthfulSender(PrivacyError):
    """The mail would say that it comes from a domain that is not the site's (HMY-15-3)."""


class NoWayOut(PrivacyError):
    """The mail must carry a link by which its reader can stop it, and none can be made."""


class NoPostalAddress(PrivacyError):
    """The mail must carry the site's postal address, and none is known (HMY-15-5)."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A mail ready to be handed over, and what its form really is."""

    mail: EmailMultiAlternatives
    linked: bool
    labelled: bool
    addressed: bool
    sender_domain: str


def compose(message: OutboxMessage, *, topic: Topic, rules: MessageRules, facts: Facts) -> Composed:
    """Put the promised form on a message: label, postal address, way out, truthful sender.

    Raises:
        UntruthfulSender, NoWayOut, NoPostalAddress: it may not leave in this form.
    """
    written = message.mailing or message
    sender = written.sender or django_settings.DEFAULT_FROM_EMAIL
    link = _link(message, topic, rules)
    address = _postal_address(topic, rules, facts)
    domain = truthful(sender, rules)
    language = message.language or written.language or django_settings.LANGUAGE_CODE
    with translation.override(language):
        frame: dict[str, Any] = {
            "subject": written.subject,
            "text": written.text.strip(),
            "html": getattr(written, "html", ""),
            "language": translation.get_language(),
            "label": rules.label if topic.promotional else "",
            "link": link,
            "preferences": _preferences() if link and message.user_key else "",
            "topic": topic.title,
            "promotional": topic.promotional,
            "site": facts.name,
            "address": address,
            # Of whatever ways a site names, its first: one has only a form, another only a help desk (K19).
            "contact": next(iter(facts.contacts.values()), ""),
        }
        text = render_to_string("privacy/messages/mail/frame.txt", frame).strip() + "\n"
        html = render_to_string("privacy/messages/mail/frame.html", frame)
    content: Mapping[str, Any] = message.content or {}
    mail = EmailMultiAlternatives(
        subject=written.subject,
        body=text,
        from_email=sender,
        to=[message.address],
        reply_to=content.get("reply_to") or None,
        headers=_headers(content.get("headers", {}), link, topic, message.message_id, domain),
        attachments=[_attachment(*one) for one in content.get("attachments", ())],
    )
    if not content.get("plain_only"):
        mail.attach_alternative(html, "text/html")
    for body, kind in content.get("alternatives", ()):
        mail.attach_alternative(body, kind)
    return Composed(mail, bool(link), bool(frame["label"]), bool(address), domain)


def truthful(sender: str, rules: MessageRules) -> str:
    """The domain of a sender.

    Raises:
        UntruthfulSender: the profile does not name it.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2].lower()
    if not domain or (rules.sender_domains and domain not in rules.sender_domains):
        raise UntruthfulSender(
            field="sender",
            problem="its domain is not one that the profile names",
            mend=f"Use one of: {', '.join(rules.sender_domains) or 'the addresses of the site'}",
        )
    return domain


def new_message_id(sender: str) -> str:
    """An id that bounces can name; made once for a message, so that every attempt carries the same."""
    domain = parseaddr(sender or django_settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return make_msgid(domain=domain)


def _link(message: OutboxMessage, topic: Topic, rules: MessageRules) -> str:
    if not rules.links(topic):
        return ""
    link = unsubscribe_url(token_for(message.address, topic.code))
    if not link:
        raise NoWayOut(
            field="PRIVACY['SITE_URL']", problem="without it no link in a mail works", mend="Set the site's address"
        )
    return link


def _postal_address(topic: Topic, rules: MessageRules, facts: Facts) -> tuple[str, ...]:
    if not rules.prints_address(topic):
        return ()
    if not facts.postal_address:
        raise NoPostalAddress(
            field="site.postal_address", problem="the profile has none", mend="Write it in the profile's [site]"
        )
    return facts.postal_address


def _preferences() -> str:
    return f"{settings.site_url}{reverse('privacy:message_preferences')}"


def _headers(given: Mapping[str, str], link: str, topic: Topic, message_id: str, domain: str) -> dict[str, str]:
    headers = {name: value for name, value in given.items() if name.lower() not in _OURS}
    if link:
        headers["List-Unsubscribe"] = f"<{link}>"
        if link.startswith("https://"):  # RFC 8058, 3.1: one click needs an address that nobody reads on the way
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if topic.promotional:
        headers.setdefault("List-Id", f"<{topic.code}.{domain}>")
    if message_id:
        headers["Message-ID"] = message_id
    return headers


def _attachment(name: str, body: str, kind: str) -> tuple[str, bytes, str]:
    return name, base64.b64decode(body), kind
