"""The site's other mail under the same rules: ``EMAIL_BACKEND = "privacy.messages.backends.EmailBackend"``.

What ``send_mail`` and its like hand over is put into the outbox, a message a recipient, and leaves by the backend that
``PRIVACY["MAIL_BACKEND"]`` names. The header ``X-Privacy-Topic`` says what a mail is; without it the setting
``PRIVACY["MAIL_TOPIC"]`` does. Mail to ADMINS and MANAGERS goes straight on: an alarm must not wait behind what
it is about.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from email.mime.base import MIMEBase
from email.utils import parseaddr
from typing import Any

from django.conf import settings as django_settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import router, transaction
from django.utils import timezone

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.messages.models import OutboxMessage
from privacy.messages.queueing import queue

TOPIC = "X-Privacy-Topic"
KEY = "X-Privacy-Key"


class EmailBackend(BaseEmailBackend):
    """Queues; see the module."""

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._options = options

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue each mail for each of its recipients; returns how many mails were taken.

        Raises:
            UnknownTopic, UnfitAddress, UntruthfulSender: unless ``fail_silently``. Nothing of that mail was queued.
        """
        taken = 0
        for mail in email_messages:
            if not mail.recipients():
                continue
            try:
                taken += self._pass_on(mail) if _is_alarm(mail) else self._queue(mail)
            except PrivacyError:
                if not self.fail_silently:
                    raise
        return taken

    def _pass_on(self, mail: EmailMessage) -> int:
        with get_connection(settings.mail_backend, fail_silently=self.fail_silently, **self._options) as below:
            return below.send_messages([mail]) or 0

    def _queue(self, mail: EmailMessage) -> int:
        headers = dict(mail.extra_headers)
        topic, key = headers.pop(TOPIC, "") or settings.mail_topic, headers.pop(KEY, "")
        content, html = _packed(mail, headers)
        now = timezone.now()
        with transaction.atomic(using=router.db_for_write(OutboxMessage)):
            for number, recipient in enumerate(mail.recipients()):
                queue(
                    topic=topic,
                    subject=str(mail.subject),
                    text=str(mail.body),
                    html=html,
                    address=parseaddr(recipient)[1],
                    key=f"{key}-{number}" if key else "",
                    sender=str(mail.from_email),
                    content=content,
                    now=now,
                )
        return 1


def _is_alarm(mail: EmailMessage) -> bool:
    staff = {address for _name, address in (*django_settings.ADMINS, *django_settings.MANAGERS)}
    return {parseaddr(each)[1] for each in mail.recipients()} <= staff


def _packed(mail: EmailMessage, headers: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Everything but subject and text, as JSON keeps it, and the HTML part."""
    html, alternatives = "", []
    if mail.content_subtype == "html":
        html = str(mail.body)
    for alternative in getattr(mail, "alternatives", ()):
        body, kind = alternative[0], alternative[1]
        if kind == "text/html" and not html:
            html = str(body)
        else:
            alternatives.append([str(body), kind])
    content: dict[str, Any] = {
        "reply_to": [str(one) for one in mail.reply_to],
        "headers": {name: str(value) for name, value in headers.items()},
        "alternatives": alternatives,
        "attachments": [_attached(one) for one in mail.attachments],
    }
    if not html:
        content["plain_only"] = True
    return {name: value for name, value in content.items() if value}, html


def _attached(attachment: Any) -> list[str]:
    if isinstance(attachment, MIMEBase):
        body = attachment.get_payload(decode=True)
        name, kind = attachment.get_filename() or "", attachment.get_content_type()
    else:
        name, body, kind = attachment[0] or "", attachment[1], attachment[2] or "application/octet-stream"
    raw = body if isinstance(body, bytes) else str(body).encode()
    return [name, base64.b64encode(raw).decode("ascii"), kind]
