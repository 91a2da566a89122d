"""What the live checks that look at pages share: in which languages they ask, and how they answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from privacy.core.registries import Finding
from privacy.policies import queries
from privacy.policies.probing import Page
from privacy.promises.facts import Facts

_SHOWN = 5


def languages(known: Facts, now: datetime) -> list[str]:
    """Those of the site and of the policy in force; one empty word where none is known."""
    return list(dict.fromkeys([*known.languages, *sorted(queries.currents("privacy", now))])) or [""]


def verdict(faults: Iterable[str], kept: str, broken: str, asked: int) -> Finding:
    """Kept without faults; broken with the first few of them."""
    found = list(dict.fromkeys(faults))
    if not found:
        return Finding.kept(kept, str(asked))
    shown = ", ".join(found[:_SHOWN])
    if len(found) > _SHOWN:
        shown = _("%(shown)s and %(more)d more") % {"shown": shown, "more": len(found) - _SHOWN}
    return Finding.broken(f"{broken} {shown}.", str(len(found)))


def failing(pages: Iterable[Page]) -> Finding | None:
    """A page that fails here may only have wanted to write, which a check must not: that is no answer."""
    paths = sorted({f"{page.asked} ({page.status})" for page in pages if page.status >= 500})
    if not paths:
        return None
    return Finding.cannot_tell(
        _("These pages fail when they are asked where nothing may be written: %(paths)s.") % {"paths": ", ".join(paths)}
    )
