"""Periods and the calendar: months are months, days are days of the site's zone.

Source: the clock rules shared by all five sites. A month keeps the day number, clipped to the
month's end, and is never thirty days; hours are absolute; business days follow the site's
calendar. "No longer than" is a ceiling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import isodate
from dateutil.relativedelta import relativedelta

from privacy.core.errors import PrivacyError

_BUSINESS_DAYS = re.compile(r"P(\d+)BD")
_LEAP_CYCLE_DAYS = 1461
_SCAN_FROM = date(2023, 1, 1)


class InvalidPeriod(PrivacyError):
    """The text is no period."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of calendar time: months, days, business days and seconds, kept apart.

    ``str()`` gives the ISO 8601 form back (``P1BD`` for business days). Periods have no total
    order, since a month is 28 to 31 days: ask ``may_outlast`` instead of comparing.
    """

    months: int = 0
    days: int = 0
    business_days: int = 0
    seconds: int = 0

    @classmethod
    def parse(cls, text: str, *, field: str = "period") -> Period:
        """Read ``P1M``, ``P13M``, ``P1Y``, ``P2W``, ``P30D``, ``PT72H``, ``P1BD`` or ``P0D``.

        Raises:
            InvalidPeriod: names ``field`` and says what a period looks like.
        """
        mend = 'Write an ISO 8601 period such as "P1M", "P30D", "PT72H" or "P1BD"'
        if not isinstance(text, str):
            raise InvalidPeriod(field=field, problem=f"{text!r} has no unit", mend=mend)
        if business := _BUSINESS_DAYS.fullmatch(text):
            return cls(business_days=int(business[1]))
        date_part, _, time_part = text.partition("T")
        try:
            if text.endswith("T"):
                raise ValueError
            span = isodate.parse_duration(date_part, as_timedelta_if_possible=False) if date_part != "P" else None
            clock = isodate.parse_duration(f"PT{time_part}") if time_part else timedelta()
        except (isodate.ISO8601Error, ValueError, TypeError):
            raise InvalidPeriod(field=field, problem=f'"{text}" is not a period', mend=mend) from None
        months = span.years * 12 + span.months if span else 0
        days: timedelta = span.tdelta if span else timedelta()
        whole = months == int(months) and not days.seconds and not days.microseconds and not clock.microseconds
        if not whole or months < 0 or days < timedelta() or clock < timedelta():
            raise InvalidPeriod(field=field, problem=f'"{text}" is negative or has a fraction', mend=mend)
        return cls(months=int(months), days=days.days, seconds=int(clock.total_seconds()))

    def __str__(self) -> str:
        if self.business_days:
            return f"P{self.business_days}BD"
        years, months = divmod(self.months, 12)
        day_part = "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (months, "M"), (self.days, "D")) if n)
        if self.months and years and months:
            day_part = f"{self.months}M" + (f"{self.days}D" if self.days else "")
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        time_part = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
        return f"P{day_part}" + (f"T{time_part}" if time_part else "") if day_part or time_part else "P0D"

    def __bool__(self) -> bool:
        return bool(self.months or self.days or self.business_days or self.seconds)

    def end(self, start: datetime, calendar: Calendar) -> datetime:
        """The moment a period that began at ``start`` is over, in UTC."""
        local = start.astimezone(calendar.zone)
        day = local.date() + relativedelta(months=self.months, days=self.days)
        if self.business_days:
            day = calendar.add_business_days(day, self.business_days)
        moved = datetime.combine(day, local.timetz()) if day != local.date() else local
        return moved.astimezone(UTC) + timedelta(seconds=self.seconds)

    def cutoff(self, now: datetime, calendar: Calendar) -> datetime:
        """The latest start whose period is over at ``now``: rows at or before it are due.

        Month ends clip (29, 30 and 31 January all end on 28 February), so this is not
        ``now`` minus the period: the latest such start is searched day by day.
        """
        limit = now - timedelta(seconds=self.seconds)
        local = limit.astimezone(calendar.zone)
        day = local.date() - relativedelta(months=self.months, days=self.days)
        day += timedelta(days=4 + self.business_days * 3)
        while (ends := self._end_day(day, calendar)) > local.date():
            day -= timedelta(days=1)
        if ends < local.date():
            return datetime.combine(day, time.max, calendar.zone).astimezone(UTC)
        candidate = datetime.combine(day, local.timetz()).astimezone(UTC)
        while self.end(candidate, calendar) > now:  # a clock change moved the end
            candidate -= timedelta(hours=1)
        return candidate

    def _end_day(self, day: date, calendar: Calendar) -> date:
        day = day + relativedelta(months=self.months, days=self.days)
        return calendar.add_business_days(day, self.business_days) if self.business_days else day

    def may_outlast(self, other: Period) -> bool:
        """True when, begun on some day, this period ends later than ``other``.

        ``P30D`` may outlast ``P1M`` (begun in February), ``P28D`` never does. Every start day of
        a leap cycle is tried; business days are tried without holidays.
        """
        return _may_outlast(self, other)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The site's zone and its business days.

    Attributes:
        zone: where the site's days begin and end.
        country: ISO 3166 code for public holidays, or empty for weekends only.
        subdivision: the region, since regional holidays count only when named.
    """

    zone: ZoneInfo
    country: str = ""
    subdivision: str = ""

    def is_business_day(self, day: date) -> bool:
        if day.weekday() >= 5:
            return False
        return not self.country or day not in _holidays(self.country, self.subdivision)

    def add_business_days(self, day: date, count: int) -> date:
        """The day after ``count`` further business days."""
        while count:
            day += timedelta(days=1)
            count -= self.is_business_day(day)
        return day


@lru_cache(maxsize=32)
def _holidays(country: str, subdivision: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=subdivision or None)


@lru_cache(maxsize=1024)
def _may_outlast(one: Period, other: Period) -> bool:
    calendar = Calendar(ZoneInfo("UTC"))
    starts = (
        datetime.combine(_SCAN_FROM + timedelta(days=n), time(), UTC) for n in range(_LEAP_CYCLE_DAYS)
    )
    return any(one.end(start, calendar) > other.end(start, calendar) for start in starts)
