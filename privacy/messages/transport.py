"""Handing one mail over, and knowing what became of it.

Django's SMTP backend says only that something failed. Whether a mail may be sent again depends on when: before the
server was given the text, nobody has it; after the last line, only the server knows. So the conversation is led
here, on the very connection that Django's backend opens from the ``EMAIL_*`` settings. Other backends tell less; see
``docs/decisions/0017-what-became-of-a-mail.md``.
"""

from __future__ import annotations

import re
import smtplib
import socket
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum
from typing import Any

from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtp

from privacy.core.conf import settings

#: Seconds for one step of the conversation where EMAIL_TIMEOUT sets none: a silent server must not hold the outbox.
STEP_TIMEOUT = 60
_SERVER_LEAVES = 421


class Fate(StrEnum):
    """What became of one mail."""

    ACCEPTED = "accepted"
    #: Not now: it may be tried again, nobody has it.
    DEFERRED = "deferred"
    #: Never: the server said no.
    REFUSED = "refused"
    #: Nobody knows. It is never sent again by itself.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mail, and why.

    Attributes:
        reason: a word of ours; what a server says may repeat the address.
        code: the server's reply code.
        provider_id: the id that a mail provider gave it.
    """

    fate: Fate
    reason: str = ""
    code: int | None = None
    provider_id: str = ""


class NoConnection(Exception):
    """The mail server cannot be reached or does not let us in: nothing was tried for any mail."""


class Carrier:
    """One connection, opened when the first mail comes and again after it was lost. Use it in a ``with``."""

    def __init__(self) -> None:
        self._backend: Any = None

    def __enter__(self) -> Carrier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """
        Raises:
            NoConnection: the server cannot be reached, or does not let us in.
        """
        if self._backend is None:
            self._backend = _backend()
        try:
            self._backend.open()
        except Exception as error:  # noqa: BLE001 - each backend has its own
            self.close()
            # Its text may hold the user name of the account.
            raise NoConnection(type(error).__name__) from None

    def carry(self, mail: EmailMultiAlternatives) -> Outcome:
        """Hand one mail over to its only recipient. ``open`` was called before.

        What cannot be put on the wire at all was refused before anybody had it, and stops nobody else's mail.
        """
        try:
            recipient = _bare(mail.to[0])
        except (ValueError, MessageError):
            return Outcome(Fate.REFUSED, "unfit_address")
        try:
            sender, data = _bare(mail.from_email), _wire(mail)
        except Exception:  # noqa: BLE001 - a part that other code wrote may be unfit in any way
            return Outcome(Fate.REFUSED, "unfit_mail")
        plain = _is_plain_smtp(self._backend)
        outcome = self._speak(sender, recipient, data) if plain else self._entrust(mail)
        if outcome.reason in _CONNECTION_IS_GONE or outcome.code == _SERVER_LEAVES:
            self.close()
        return outcome

    def close(self) -> None:
        if self._backend is not None:
            with suppress(Exception):
                self._backend.close()
            self._backend = None

    # --- SMTP, step by step --------------------------------------------------------------------

    def _speak(self, sender: str, recipient: str, data: bytes) -> Outcome:
        server: smtplib.SMTP = self._backend.connection
        try:
            server.ehlo_or_helo_if_needed()
            for code, _said in (
                server.mail(sender, _options(server, data)),
                server.rcpt(recipient),
            ):
                if code not in (250, 251):
                    return self._turned_down(server, code, "refused_before_data")
            code, _said = server.docmd("data")
            if code != 354:
                return self._turned_down(server, code, "refused_before_data")
        except (smtplib.SMTPException, OSError):
            return Outcome(Fate.DEFERRED, "lost_before_data")
        return self._deliver(server, data)

    def _deliver(self, server: smtplib.SMTP, data: bytes) -> Outcome:
        """From here on the server has the text, or part of it: only its answer tells."""
        try:
            server.send(data)
            code, _said = server.getreply()
        except (smtplib.SMTPException, OSError):
            return Outcome(Fate.UNKNOWN, "lost_after_data")
        if 200 <= code < 300:  # the first digit tells (RFC 5321, 4.2.1)
            return Outcome(Fate.ACCEPTED, code=code)
        if not 400 <= code < 600:
            # No answer that says no: the server may have taken it, and what it says next is about something else.
            return Outcome(Fate.UNKNOWN, "lost_after_data", code if code > 0 else None)
        return self._turned_down(server, code, "refused_after_data")

    def _turned_down(self, server: smtplib.SMTP, code: int, reason: str) -> Outcome:
        if code == _SERVER_LEAVES or code < 0:
            return Outcome(Fate.DEFERRED, "server_leaves", code if code > 0 else None)
        with suppress(smtplib.SMTPException, OSError):
            server.rset()
        return Outcome(Fate.REFUSED if 500 <= code < 600 else Fate.DEFERRED, reason, code)

    # --- other backends ------------------------------------------------------------------------

    def _entrust(self, mail: EmailMultiAlternatives) -> Outcome:
        mail.connection = self._backend
        try:
            taken = self._backend.send_messages([mail])
        except (ConnectionRefusedError, socket.gaierror):
            return Outcome(Fate.DEFERRED, "lost_before_data")
        except Exception as error:  # noqa: BLE001 - each provider has its own
            return _of_provider(error)
        if not taken:
            return Outcome(Fate.REFUSED, "backend_refused")
        status = getattr(mail, "anymail_status", None)
        return Outcome(Fate.ACCEPTED, provider_id=str(getattr(status, "message_id", None) or "")[:200])


_CONNECTION_IS_GONE = ("lost_before_data", "lost_after_data", "server_leaves")


def _backend() -> Any:
    """The backend under ours, or the site's own where it does not use ours."""
    path = django_settings.EMAIL_BACKEND
    if path == OURS:
        path = settings.mail_backend
    backend = get_connection(path, fail_silently=False)
    if isinstance(backend, DjangoSmtp) and backend.timeout is None:
        backend.timeout = STEP_TIMEOUT
    return backend


#: What a site names in EMAIL_BACKEND.
OURS = "privacy.messages.backends.EmailBackend"


def _is_plain_smtp(backend: Any) -> bool:
    """Django's own way of sending, which a subclass may have changed."""
    return isinstance(backend, DjangoSmtp) and all(
        getattr(type(backend), name) is getattr(DjangoSmtp, name) for name in ("send_messages", "_send")
    )


def _wire(mail: EmailMultiAlternatives) -> bytes:
    """The mail as DATA wants it: CRLF, no line that is a single dot, and the line that ends it."""
    message: Any = mail.message()
    raw = message.as_bytes(linesep="\r\n")
    lines = re.sub(rb"(?:\r\n|\n|\r(?!\n))", b"\r\n", raw)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _options(server: smtplib.SMTP, data: bytes) -> list[str]:
    return [f"size={len(data)}"] if server.does_esmtp and server.has_extn("size") else []


def _bare(address: str) -> str:
    """The address alone, its domain as ASCII.

    Raises:
        ValueError: a mail server could not be told it.
    """
    plain = parseaddr(address)[1]
    name, _, domain = plain.rpartition("@")
    if domain:
        plain = str(Address(username=name, domain=domain.encode("idna").decode("ascii")).addr_spec)
    plain.encode("ascii")
    return plain


def _of_provider(error: Exception) -> Outcome:
    """A provider's client that names the HTTP status tells whether the provider took it; any other tells nothing."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 500:
        deferred = status in (408, 425, 429)
        return Outcome(Fate.DEFERRED if deferred else Fate.REFUSED, "provider_refused", status)
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused):
        return Outcome(Fate.REFUSED, "refused_before_data")
    return Outcome(Fate.UNKNOWN, "backend_failed")


__all__ = ["OURS", "Carrier", "Fate", "NoConnection", "Outcome"]
