"""System checks that read rows: ``check --database default``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Info, Tags, Warning, register
from django.db import DatabaseError, router

from privacy.core.conf import WrongSetting
from privacy.disposal.models import Closure, StoreReceipt
from privacy.disposal.queries import store_standings
from privacy.disposal.rekeying import key_needs


@register(Tags.database)
def check_stores(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W520 and W521: no store left the declarations unconfirmed, and none came too late to be asked."""
    if router.db_for_read(StoreReceipt) not in (databases or ()):
        return []
    try:
        standings = store_standings()
    except DatabaseError:
        return []  # a migrate asks before it makes the tables
    found: list[CheckMessage] = []
    for store in standings:
        if store.open and not store.declared:
            found.append(
                Warning(
                    f"The external store {store.name!r} is not declared any more, and has not confirmed the erasure of "
                    f"{store.open} people.",
                    hint="Declare it again until the night has asked it; or, when what it held is destroyed, confirm "
                    "that in the admin under Receipts of outside places.",
                    obj=StoreReceipt,
                    id="privacy.W520",
                )
            )
        if store.unasked:
            found.append(
                Warning(
                    f"The external store {store.name!r} was never asked about anybody, and {store.unasked} accounts "
                    "were erased before it was declared.",
                    hint="Their keys are gone, so it cannot be asked about them: compare it with the accounts there "
                    "are, and remove what belongs to none. The warning ends with the first account it is asked about.",
                    obj=StoreReceipt,
                    id="privacy.W521",
                )
            )
    return found


@register(Tags.database)
def check_pseudonym_keys(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W522 and I523: no key that rows need was taken away; which older ones nothing needs any more."""
    if router.db_for_read(Closure) not in (databases or ()):
        return []
    try:
        needs = key_needs()
    except (DatabaseError, WrongSetting):
        return []
    found: list[CheckMessage] = [
        Warning(
            f"PRIVACY['PSEUDONYM_KEYS']: key {key} is gone, and {rows} rows were named under it: nobody finds them "
            "again by their person.",
            hint="Put the key back behind the newer ones until those rows have ended. A key that leaked stays away: "
            "the next night names anew what it can.",
            id="privacy.W522",
        )
        for key, rows in needs.missing.items()
    ]
    found += [
        Info(
            f"PRIVACY['PSEUDONYM_KEYS']: no row needs the older key {key} any more.",
            hint="Take it off the list.",
            id="privacy.I523",
        )
        for key in needs.idle
    ]
    return found
