"""Charts as SVG made on the server: pure functions, the same input gives the same bytes.

No script, no inline style: shapes carry classes of ``elements.css`` and presentation attributes only, so that
a strict Content-Security-Policy holds, and a PDF can embed them. Each chart brings a title and a description for
screen readers and the same figures as a table. Text stays outside the SVG, since it would shrink on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from privacy.core.chips import Tone
from privacy.core.words import number

_WIDTH = 600
_HISTORY_HEIGHT = 120
_SPARK_HEIGHT = 40
_BAR_HEIGHT = 20
_GAP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class LegendItem:
    """What a colour stands for."""

    tone: Tone
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart and the same figures as text.

    Attributes:
        svg: the drawing, ``role="img"`` with ``<title>`` and ``<desc>``.
        title: what it shows.
        columns: headings of the table.
        rows: cells of the table, all text.
        legend: colours and their meaning; empty where one colour is all.
        first: label at the start of the axis.
        last: label at its end.
    """

    svg: SafeString
    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    legend: tuple[LegendItem, ...] = ()
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """How the ledger stood on one day: numbers of promises."""

    day: date
    kept: int = 0
    broken: int = 0
    cannot_tell: int = 0

    @property
    def total(self) -> int:
        return self.kept + self.broken + self.cannot_tell


def history(days: Sequence[Day], *, title: str, key: str = "history") -> Chart:
    """One stacked bar a day: kept below, then cannot tell, broken on top with a stroke through it.

    Args:
        days: in order of time; a day without a check is simply missing.
        title: what the chart shows, translated.
        key: makes the element's ids unique on the page (letters, digits, hyphens).
    """
    legend = (
        LegendItem("good", _("kept")),
        LegendItem("warn", _("cannot tell")),
        LegendItem("bad", _("broken")),
    )
    columns = (_("Day"), _("Kept"), _("Broken"), _("Cannot tell"))
    rows = tuple((_day(d.day), number(d.kept), number(d.broken), number(d.cannot_tell)) for d in days)
    top = max((day.total for day in days), default=0) or 1
    slot = _WIDTH / max(len(days), 1)
    shapes: list[SafeString] = []
    for index, day in enumerate(days):
        left, width = index * slot + slot * _GAP_SHARE / 2, min(slot * (1 - _GAP_SHARE), 48)
        floor = float(_HISTORY_HEIGHT)
        for tone, amount in (("good", day.kept), ("warn", day.cannot_tell), ("bad", day.broken)):
            if not amount:
                continue
            height = amount / top * (_HISTORY_HEIGHT - 4)
            floor -= height
            shapes.append(_rect(left, floor, width, height, tone))
            if tone == "bad":  # colour never speaks alone
                shapes.append(_line(left, floor + height, left + width, floor, "pv-stroke-cut", 2))
    shapes.append(_line(0, _HISTORY_HEIGHT - 0.5, _WIDTH, _HISTORY_HEIGHT - 0.5, "pv-stroke-line", 1))
    return Chart(
        svg=_svg(shapes, height=_HISTORY_HEIGHT, title=title, desc=_history_words(days), key=key),
        title=title,
        columns=columns,
        rows=rows,
        legend=legend if days else (),
        first=_day(days[0].day) if days else "",
        last=_day(days[-1].day) if len(days) > 1 else "",
    )


def sparkline(points: Sequence[tuple[str, float]], *, title: str, key: str = "spark", unit: str = "") -> Chart:
    """A thin line of figures over time.

    Args:
        points: label and figure, in order of time.
        title: what the chart shows, translated.
        key: makes the element's ids unique on the page.
        unit: heading of the figures' column.
    """
    values = [value for _label, value in points]
    low, high = min(values, default=0.0), max(values, default=0.0)
    spread = (high - low) or 1.0
    step = _WIDTH / max(len(values) - 1, 1)
    inner = _SPARK_HEIGHT - 8
    spots = [(index * step, 4 + inner - (value - low) / spread * inner) for index, value in enumerate(values)]
    shapes: list[SafeString] = []
    if len(spots) > 1:
        path = " ".join(f"{_figure(x)},{_figure(y)}" for x, y in spots)
        shapes.append(
            format_html(
                '<polyline class="pv-stroke-info" points="{}" fill="none" stroke-width="2" '
                'stroke-linejoin="round" stroke-linecap="round" />',
                path,
            )
        )
    if spots:
        x, y = spots[-1]
        shapes.append(
            format_html(
                '<circle class="pv-fill-info" cx="{}" cy="{}" r="4" />', _figure(min(x, _WIDTH - 5)), _figure(y)
            )
        )
    desc = (
        _("From %(first)s to %(last)s; lowest %(low)s, highest %(high)s.")
        % {"first": number(values[0]), "last": number(values[-1]), "low": number(low), "high": number(high)}
        if values
        else _("No figures yet.")
    )
    return Chart(
        svg=_svg(shapes, height=_SPARK_HEIGHT, title=title, desc=desc, key=key),
        title=title,
        columns=(_("When"), unit or _("Figure")),
        rows=tuple((label, number(value)) for label, value in points),
        first=points[0][0] if points else "",
        last=points[-1][0] if len(points) > 1 else "",
    )


def age_bar(
    *, age: float, limit: float, title: str, key: str = "age", age_label: str = "", limit_label: str = ""
) -> Chart:
    """A horizontal bar of an age against its limit; past the limit it turns bad and shows by how much.

    Args:
        age: in the unit of ``limit``, usually days.
        limit: what the promise allows; above zero.
        age_label: the age in words ("12 days"), for description and table.
        limit_label: the limit in words ("1 month").
    """
    limit = max(limit, 0.0)
    scale = max(age, limit) * 1.06 or 1.0
    tone: Tone = "bad" if age > limit else "warn" if age > limit * 0.8 else "good"
    reach, mark = age / scale * _WIDTH, limit / scale * _WIDTH
    shapes = [
        _rect(0, 4, _WIDTH, _BAR_HEIGHT - 8, "track", radius=6),
        _rect(0, 4, max(reach, 2), _BAR_HEIGHT - 8, tone, radius=6),
        _line(mark, 0, mark, _BAR_HEIGHT, "pv-stroke-mark", 3),
    ]
    words = {"age": age_label or number(round(age, 1)), "limit": limit_label or number(round(limit, 1))}
    desc = (
        _("%(age)s, which is over the limit of %(limit)s.") % words
        if age > limit
        else _("%(age)s of at most %(limit)s.") % words
    )
    return Chart(
        svg=_svg(shapes, height=_BAR_HEIGHT, title=title, desc=desc, key=key),
        title=title,
        columns=(_("Age"), _("Limit")),
        rows=((words["age"], words["limit"]),),
        first=words["age"],
        last=_("limit %(limit)s") % words,
    )


def share_bar(*, part: int, rest: int, title: str, part_label: str, rest_label: str, key: str = "share") -> Chart:
    """A horizontal bar of how many did and how many did not.

    Args:
        part: how many did, zero or more; ``rest`` the others.
        part_label: what the first did ("accepted"), for legend, description and table.
    """
    whole = max(part + rest, 1)
    reach = part / whole * _WIDTH
    shapes = [_rect(0, 4, _WIDTH, _BAR_HEIGHT - 8, "track", radius=6)]
    if part:
        shapes.append(_rect(0, 4, max(reach, 2), _BAR_HEIGHT - 8, "good", radius=6))
    shapes.append(_line(reach, 0, reach, _BAR_HEIGHT, "pv-stroke-mark", 3))
    first, last = f"{part_label}: {number(part)}", f"{rest_label}: {number(rest)}"
    return Chart(
        svg=_svg(shapes, height=_BAR_HEIGHT, title=title, desc=f"{first}. {last}.", key=key),
        title=title,
        columns=(part_label, rest_label),
        rows=((number(part), number(rest)),),
        first=first,
        last=last,
    )


def _history_words(days: Sequence[Day]) -> str:
    if not days:
        return _("No check has run yet.")
    last = days[-1]
    return _("%(days)s days. On %(day)s: %(kept)s kept, %(broken)s broken, %(cannot_tell)s cannot tell.") % {
        "days": number(len(days)),
        "day": _day(last.day),
        "kept": number(last.kept),
        "broken": number(last.broken),
        "cannot_tell": number(last.cannot_tell),
    }


def _svg(shapes: Iterable[SafeString], *, height: int, title: str, desc: str, key: str) -> SafeString:
    return format_html(
        '<svg class="pv-chart-svg" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" '
        'preserveAspectRatio="none" aria-labelledby="{}-title {}-desc" focusable="false">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>',
        _WIDTH,
        height,
        key,
        key,
        key,
        title,
        key,
        desc,
        format_html_join("", "{}", ((shape,) for shape in shapes)),
    )


def _rect(x: float, y: float, width: float, height: float, tone: str, radius: int = 0) -> SafeString:
    return format_html(
        '<rect class="pv-fill-{}" x="{}" y="{}" width="{}" height="{}"{} />',
        tone,
        _figure(x),
        _figure(y),
        _figure(width),
        _figure(height),
        format_html(' rx="{}"', radius) if radius else "",
    )


def _line(x1: float, y1: float, x2: float, y2: float, css: str, width: int) -> SafeString:
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}" stroke-width="{}" />',
        css,
        _figure(x1),
        _figure(y1),
        _figure(x2),
        _figure(y2),
        width,
    )


def _figure(value: float) -> str:
    """Two decimals and always a point, whatever the language writes."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")
