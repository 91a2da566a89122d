"""The word in an unsubscribe link. It carries no address, never ends, and outlives a rotation of keys.

It is the digest of the address, the key of that digest, the topic, and a code that only the site's keys make. So a
forwarded mail, and one from years ago whose row is long gone, still stops what it was about.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from django.urls import reverse

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.pseudonyms import pseudonym, pseudonym_key_id, pseudonyms
from privacy.messages.classes import Channel
from privacy.messages.digests import digest

_KIND = "messages unsubscribe"
_CODE = 20


class UnknownToken(PrivacyError):
    """Not a word that this site ever made, or its key is gone."""

    def __init__(self) -> None:
        super().__init__(field="token", problem="this site made no such link", mend="Use the link of a newer mail")


@dataclass(frozen=True, slots=True)
class WayOut:
    """What a link stands for."""

    digest: str
    key_id: str
    topic: str


def token_for(address: str, topic: str) -> str:
    """The word for this address and topic.

    Raises:
        UnfitAddress: it is no e-mail address.
    """
    said = f"{digest(Channel.EMAIL, address)}.{pseudonym_key_id()}.{topic}"
    return f"{said}.{pseudonym(_KIND, said)[:_CODE]}"


def read_token(token: str) -> WayOut:
    """
    Raises:
        UnknownToken: it is none of ours.
    """
    said, _, code = token.rpartition(".")
    parts = said.split(".")
    known = any(hmac.compare_digest(word[:_CODE].encode(), code.encode()) for word in pseudonyms(_KIND, said))
    if not known or len(parts) != 3:
        raise UnknownToken
    return WayOut(*parts)


def unsubscribe_url(token: str) -> str:
    """The whole address; without ``SITE_URL`` a mail program could not use it, and it is empty."""
    return f"{settings.site_url}{reverse('privacy:unsubscribe', args=[token])}" if settings.site_url else ""
