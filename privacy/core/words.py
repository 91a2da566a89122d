"""Figures in words: periods, spans, counts and shares as people say them, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy, pgettext

from privacy.core.periods import NO_END, Period

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR

#: Letters to Unicode, and nothing on any screen.
_FILLERS = "\u115f\u1160\u3164\uffa0"


def number(value: int | float) -> str:
    """``12345`` as ``12,345`` (the separators are the language's)."""
    return number_format(value, use_l10n=True, force_grouping=True)


def period_words(period: Period | str | None) -> str:
    """A period as a person says it: ``P1M`` is "1 month", ``P0D`` is "at once", ``P13M`` "13 months".

    Years are said only when the period is whole years of at least two; "13 months" and "12 months" stay as promised.
    """
    if period is None or period == "":
        return ""
    if isinstance(period, str):
        period = Period.parse(period)
    if not period:
        return _("at once")
    parts: list[str] = []
    years, months = divmod(period.months, 12) if period.months >= 24 and not period.months % 12 else (0, period.months)
    hours, rest = divmod(period.seconds, _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    if years:
        parts.append(_count("year", years))
    if months:
        parts.append(_count("month", months))
    if period.days:
        parts.append(_count("day", period.days))
    if period.business_days:
        parts.append(_count("business day", period.business_days))
    if hours:
        parts.append(_count("hour", hours))
    if minutes:
        parts.append(_count("minute", minutes))
    if seconds:
        parts.append(_count("second", seconds))
    return _join(parts)


def until_words(moment: datetime | None, form: str = "DATE_FORMAT") -> str:
    """A date until which something lasts, in the site's zone; ``NO_END`` as words, no date as an empty text.

    Args:
        form: ``"DATE_FORMAT"`` or ``"DATETIME_FORMAT"``.
    """
    if moment is None:
        return ""
    return _("no end is promised") if moment == NO_END else date_format(localtime(moment), form)


def duration_words(span: timedelta | int | float | None) -> str:
    """A measured span, rounded to its two largest units: "2 hours 5 minutes", "under a second".

    Args:
        span: a timedelta, or seconds.
    """
    if span is None:
        return ""
    total = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if total < 1:
        return _("under a second")
    rest = int(total)
    parts: list[str] = []
    for unit, size in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE), ("second", 1)):
        whole, rest = divmod(rest, size)
        if whole:
            parts.append(_count(unit, whole))
        if len(parts) == 2 or (parts and not whole):
            break
    return " ".join(parts)


def percent(part: float, whole: float | None = None) -> str:
    """``percent(1, 4)`` is "25 %"; ``percent(0.25)`` takes a share. Never rounds most up to all, nor a few to none."""
    share = part if whole is None else (part / whole if whole else 0.0)
    rounded = round(share * 100)
    if rounded == 100 and share < 1:
        rounded = 99
    if rounded == 0 and share > 0:
        return _("under 1 %")
    return _("%(number)s %%") % {"number": number(rounded)}


#: Count names that rooms use in their reports, as a person reads them.
_COUNT_WORDS = {
    "rows": ngettext_lazy("row", "rows"),
    "files": ngettext_lazy("file", "files"),
    "seals": ngettext_lazy("seal", "seals"),
    "entries": ngettext_lazy("entry", "entries"),
    "accounts": ngettext_lazy("account", "accounts"),
    "errors": ngettext_lazy("error", "errors"),
    "backups": ngettext_lazy("backup", "backups"),
    "sessions": ngettext_lazy("session", "sessions"),
    "closures": ngettext_lazy("closure", "closures"),
    "details": ngettext_lazy("detail", "details"),
    "promises": ngettext_lazy("promise", "promises"),
    "tables": ngettext_lazy("table", "tables"),
    "deleted": ngettext_lazy("deleted", "deleted"),
    "anonymised": ngettext_lazy("anonymised", "anonymised"),
    "kept": ngettext_lazy("kept", "kept"),
    "left": ngettext_lazy("left over", "left over"),
    "done": ngettext_lazy("done", "done"),
    "partial": ngettext_lazy("partial", "partial"),
    "failed": ngettext_lazy("failed", "failed"),
    "expired": ngettext_lazy("expired", "expired"),
    "taken_over": ngettext_lazy("taken over", "taken over"),
    "recipients_gathered": ngettext_lazy("recipient gathered", "recipients gathered"),
    "mailings_finished": ngettext_lazy("mailing finished", "mailings finished"),
}


def counts_words(counts: Mapping[str, object] | None, most: int | None = None, *, zeros: bool = True) -> str:
    """``{"accounts": 2, "files": 0}`` as "2 accounts, 0 files"; nothing counted is "nothing".

    Args:
        most: say at most so many, and how many more there are.
        zeros: False leaves out what was counted and not found.
    """
    counts = {name: amount for name, amount in (counts or {}).items() if zeros or amount}
    if not counts:
        return _("nothing")
    said = [
        f"{number(amount) if isinstance(amount, int | float) else amount} {_word(name, amount)}"
        for name, amount in counts.items()
    ]
    if most is not None and len(said) > most:
        more = len(said) - most
        said = [*said[:most], ngettext("%(count)s more", "%(count)s more", more) % {"count": more}]
    return ", ".join(said)


def _word(name: str, amount: object) -> str:
    word = _COUNT_WORDS.get(name)
    if word is None:
        return name.replace("_", " ")
    return str(word % (amount if isinstance(amount, int) else 2))


def _count(unit: str, amount: int) -> str:
    templates = {
        "year": ngettext("%(n)s year", "%(n)s years", amount),
        "month": ngettext("%(n)s month", "%(n)s months", amount),
        "day": ngettext("%(n)s day", "%(n)s days", amount),
        "business day": ngettext("%(n)s business day", "%(n)s business days", amount),
        "hour": ngettext("%(n)s hour", "%(n)s hours", amount),
        "minute": ngettext("%(n)s minute", "%(n)s minutes", amount),
        "second": ngettext("%(n)s second", "%(n)s seconds", amount),
    }
    return templates[unit] % {"n": number(amount)}


def _join(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return pgettext("last two of a list", "%(first)s and %(last)s") % {
        "first": ", ".join(parts[:-1]),
        "last": parts[-1],
    }


def model_words(label: str) -> str:
    """``"shop.OrderLine"`` as its model calls itself in the plural: "order lines"; an unknown label stays as it is."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return label
    return _link_words(model) or str(model._meta.verbose_name_plural)


def rows_words(label: str, rows: int) -> str:
    """``("shop.Order", 1)`` as "1 order", three of them as "3 orders"; the account itself is not counted."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return f"{number(rows)} {label}"
    if rows == 1 and label == settings.AUTH_USER_MODEL:
        return _("the account itself")
    name = model._meta.verbose_name if rows == 1 else model._meta.verbose_name_plural
    return f"{number(rows)} {_link_words(model) or name}"


def _link_words(model: type[Model]) -> str:
    """What a many-to-many table of Django's own making links to: "interests", not "member-tag relationships"."""
    owner: Any = model._meta.auto_created
    links = owner._meta.local_many_to_many if owner else ()
    return next((str(link.verbose_name) for link in links if link.remote_field.through is model), "")


def name_words(name: str) -> str:
    """A name out of a declaration, such as ``"client_contacts"``, for people: "Client contacts"."""
    return capfirst(name.replace("_", " "))


def has_words(text: str) -> bool:
    """Whether a person would read anything in it: blanks of no width, fillers and signs alone say nothing."""
    return any(sign.isalnum() and sign not in _FILLERS for sign in text)
