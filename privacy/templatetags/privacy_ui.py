"""The design system in templates: ``{% load privacy_ui %}``. See ``elements/README.md``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template import Context, Engine
from django.utils.safestring import SafeString, mark_safe

from privacy.core import chips, words
from privacy.core.periods import Period

register = template.Library()

#: A tile shows longer values, such as dates, in smaller letters.
_LONG = 8


@register.inclusion_tag("privacy/elements/chip.html", name="chip")
def chip(status: object, label: object = "", tone: str = "", icon: str = "") -> dict[str, object]:
    """A status as word, colour and icon: ``{% chip row.status %}``."""
    return chips.chip_context(status, label, tone, icon)


@register.inclusion_tag("privacy/elements/tile.html", name="tile")
def tile(label: object, value: object, note: object = "", tone: str = "quiet", url: str = "") -> dict[str, object]:
    """One figure with its name: ``{% tile "Broken" 3 tone="bad" url=… %}``."""
    long = len(str(value)) > _LONG
    return {"label": label, "value": value, "note": note, "tone": tone, "url": url, "long": long}


@register.inclusion_tag("privacy/elements/progress.html", name="progress")
def progress(value: float | None, maximum: float, label: object, note: object = "") -> dict[str, object]:
    """How far something has come; without a value the bar is indeterminate."""
    return {"value": value, "maximum": maximum or 1, "label": label, "note": note, "share": _share(value, maximum)}


@register.inclusion_tag("privacy/elements/meter.html", name="meter")
def meter(value: float, maximum: float, label: object, note: object = "", warn_at: float = 0.8) -> dict[str, object]:
    """How much of a limit is used; from ``warn_at`` it warns, past the limit it is bad."""
    share = value / maximum if maximum else 1.0
    tone = "bad" if share > 1 else "warn" if share >= warn_at else "good"
    return {"value": value, "maximum": maximum or 1, "label": label, "note": note, "tone": tone, "share": share}


@register.inclusion_tag("privacy/elements/chart.html", name="chart")
def chart(chart: Any) -> dict[str, object]:
    """A chart of ``privacy.core.charts`` with its legend and its table."""
    return {"chart": chart}


@register.filter
def period(value: Period | str | None) -> str:
    """``{{ rule.after|period }}``: "1 month"."""
    return words.period_words(value)


@register.filter
def counts(value: Mapping[str, object] | None) -> str:
    """``{{ step.counts|counts }}``: "2 accounts, 1 file"; what was not found is left out."""
    return words.counts_words(value, zeros=False)


@register.filter
def until(value: datetime | None, form: str = "DATE_FORMAT") -> str:
    """``{{ closure.backups_until|until }}``: "16 April 2026", or "no end is promised"."""
    return words.until_words(value, form)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """``{{ run.took|duration }}``: "2 minutes 5 seconds"."""
    return words.duration_words(value)


@register.filter
def percent(value: float, whole: float | None = None) -> str:
    """``{{ 0.25|percent }}`` or ``{{ 1|percent:4 }}``: "25 %"."""
    return words.percent(value, whole)


@register.filter
def model_name(label: str) -> str:
    """``{{ "shop.OrderLine"|model_name }}``: "order lines"."""
    return words.model_words(label)


@register.filter
def rows_of(rows: int, label: str) -> str:
    """``{{ step.rows|rows_of:step.model }}``: "3 page views", "1 order"."""
    return words.rows_words(label, rows)


@register.filter
def grouped(value: float | None) -> str:
    """``{{ 12345|grouped }}``: "12,345"."""
    return "" if value is None else words.number(value)


def _share(value: float | None, maximum: float) -> float | None:
    return None if value is None else (value / maximum if maximum else 0.0)


@register.simple_tag(takes_context=True)
def feed(context: Context, name: str, values: Mapping[str, Any]) -> SafeString:
    """``{% feed block.template block.context %}``: include a template with a dictionary as its variables."""
    engine = context.template.engine if context.template is not None else Engine.get_default()
    with context.push(**values):
        return mark_safe(engine.get_template(name).render(context))  # noqa: S308 a template escapes by itself
