"""Notices go to the address that a person has when they leave, not to the one of when they were gathered (CPT-14-6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from privacy.core.among import Among
from privacy.datamap.shapes import email_field
from privacy.messages.classes import Channel
from privacy.messages.digests import UnfitAddress, digest, normal
from privacy.messages.models import OutboxMessage


def newest_addresses(user_keys: Collection[str]) -> dict[str, str]:
    """By account the address it has now, empty where it has none that fits; accounts that are gone are left out.

    One query.
    """
    field = email_field(get_user_model())
    if not field or not user_keys:
        return {}
    key_field = get_user_model()._meta.pk
    accounts: QuerySet[Any] = QuerySet(get_user_model())
    rows = accounts.filter(Among("pk", [key_field.to_python(key) for key in user_keys]))
    return {str(key): _fitting(address) for key, address in rows.order_by().values_list("pk", field)}


def to_newest_addresses(messages: Sequence[OutboxMessage]) -> list[OutboxMessage]:
    """Address these mails anew where their account got another address meanwhile, row and all.

    One query, and one for each that changed.

    Returns:
        Those whose account has no address any more: there is nobody to write to.
    """
    gathered = [message for message in messages if message.mailing_id and message.user_key]
    newest = newest_addresses({message.user_key for message in gathered})
    nowhere = []
    for message in gathered:
        address = newest.get(message.user_key, message.address)
        if not address:
            nowhere.append(message)
        elif address != message.address:
            message.address, message.digest = address, digest(Channel.EMAIL, address)
            OutboxMessage.objects.filter(pk=message.pk).update(address=message.address, digest=message.digest)
    return nowhere


def _fitting(address: str | None) -> str:
    address = (address or "").strip()
    try:
        normal(Channel.EMAIL, address)
    except UnfitAddress:
        return ""
    return address
