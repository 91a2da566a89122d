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
from dateutil.relativedelta import relativedelta

from privacy.core.errors import PrivacyError

_ISO = re.compile(
    r"P(?=[0-9T])(?:(?P<business>[0-9]+)BD|"
    r"(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?(?:(?P<weeks>[0-9]+)W)?(?:(?P<days>[0-9]+)D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+)S)?)?)"
)
_MEND = 'Write an ISO 8601 period such as "P1M", "P30D", "PT72H" or "P1BD"'
_LONGEST_YEARS = 1000
_TICK = timedelta(microseconds=1)
_LEAP_CYCLE_DAYS = 1461
_SCAN_FROM = date(2023, 1, 1)

#: Stands where a date is due and no end is promised: later than every end, and a day short of the last date
#: there is, so that no zone carries it over. ``words.until_words`` says it.
NO_END = datetime(9999, 12, 30, tzinfo=UTC)


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

    def __post_init__(self) -> None:
        if min(self.months, self.days, self.business_days, self.seconds) < 0:
            raise InvalidPeriod(field="period", problem="it is negative", mend=_MEND)
        if self.business_days and (self.months or self.days or self.seconds):
            raise InvalidPeriod(field="period", problem="business days do not mix with other units", mend=_MEND)
        if self.months / 12 + (self.days + self.business_days * 2 + self.seconds / 86400) / 365 > _LONGEST_YEARS:
            raise InvalidPeriod(field="period", problem=f"it is longer than {_LONGEST_YEARS} years", mend=_MEND)

    @classmethod
    def parse(cls, text: str, *, field: str = "period") -> Period:
        """Read ``P1M``, ``P13M``, ``P1Y``, ``P2W``, ``P30D``, ``PT72H``, ``P1BD`` or ``P0D``.

        Raises:
            InvalidPeriod: names ``field`` and says what a period looks like.
        """
        if not isinstance(text, str):
            raise InvalidPeriod(field=field, problem=f"{text!r} has no unit", mend=_MEND)
        if len(text) > 40 or not (parts := _ISO.fullmatch(text)):
            raise InvalidPeriod(field=field, problem=f'"{text[:40]}" is not a period', mend=_MEND)
        count = {unit: int(number or 0) for unit, number in parts.groupdict().items()}
        try:
            return cls(
                months=count["years"] * 12 + count["months"],
                days=count["weeks"] * 7 + count["days"],
                business_days=count["business"],
                seconds=count["hours"] * 3600 + count["minutes"] * 60 + count["seconds"],
            )
        except InvalidPeriod as error:
            raise InvalidPeriod(field=field, problem=f'"{text}": {error.problem}', mend=_MEND) from None

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
        """The moment a period that began at ``start`` is over, in UTC.

        The wall clock of the end is that of the start. Where a clock change makes it ambiguous the
        earlier moment counts, and where the clock jumped over it, the moment of the jump: a ceiling
        is never stretched.
        """
        local = start.astimezone(calendar.zone)
        day = self._end_day(local.date(), calendar)
        # Clocks play no part in a period of hours: its start may be in the second of two equal hours.
        moment = calendar.moment(datetime.combine(day, local.time())) if day != local.date() else start.astimezone(UTC)
        return moment + timedelta(seconds=self.seconds)

    def cutoff(self, now: datetime, calendar: Calendar) -> datetime:
        """The latest start whose period is over at ``now``, to the microsecond: rows at or before it are due.

        Every row that is over is at or before it, so nothing outlives its ceiling. The other way
        round there is one exception that no single moment can avoid: several days may share an end
        (29, 30 and 31 January all end on 28 February, each by its own time of day), and 30 January
        23:00 then goes with 31 January 01:00, less than a day early. The same holds for the hour that
        the clock repeats, and for week-ends before a business day. Ask ``end`` where a single row matters.
        """
        now = now.astimezone(UTC)  # arithmetic in a zone with clock changes would forget which of two equal hours it is
        limit = now - timedelta(seconds=self.seconds)
        if not (self.months or self.days or self.business_days):
            return limit
        wall = calendar.last_wall(limit)
        day = wall.date() - relativedelta(days=self.days) - relativedelta(months=self.months) + timedelta(days=4)
        while (ends := self._end_day(day, calendar)) > wall.date():
            day -= timedelta(days=1)
        last = wall.time() if ends == wall.date() else time.max
        while True:
            start = calendar.last_moment(datetime.combine(day, last))
            if self.end(start, calendar) <= now:
                return start
            day, last = day - timedelta(days=1), time.max  # that day began later by the clock

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

    def moment(self, wall: datetime) -> datetime:
        """The first moment (UTC) at which a clock on the wall shows ``wall`` (naive) or has jumped over it."""
        first, second = (self._utc(wall, fold) for fold in (0, 1))
        # Only in a gap does the second reading come before the first; the jump lies between them.
        return first if first <= second else self._change(second, first)

    def last_wall(self, moment: datetime) -> datetime:
        """The latest wall clock time (naive) whose ``self.moment`` is at or before ``moment``."""
        local = moment.astimezone(self.zone)
        wall = local.replace(tzinfo=None, fold=0)
        if not local.fold:
            return wall
        # In the second of two equal hours, all of the first one is over.
        back = self._change(self._utc(wall, 0), self._utc(wall, 1))
        before = (back - _TICK).astimezone(self.zone)
        return before.replace(tzinfo=None, fold=0)

    def last_moment(self, wall: datetime) -> datetime:
        """The last moment (UTC) at which a clock on the wall shows ``wall`` (naive) or less on its way there."""
        first, second = (self._utc(wall, fold) for fold in (0, 1))
        return second if first <= second else self._change(second, first) - _TICK

    def _utc(self, wall: datetime, fold: int) -> datetime:
        return wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC)

    def _change(self, low: datetime, high: datetime) -> datetime:
        """The moment in (low, high] from which on the zone's offset is that of ``high``."""
        offset = high.astimezone(self.zone).utcoffset()
        while high - low > _TICK:
            middle = low + (high - low) / 2
            if middle.astimezone(self.zone).utcoffset() == offset:
                high = middle
            else:
                low = middle
        return high


@lru_cache(maxsize=32)
def _holidays(country: str, subdivision: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country, subdiv=subdivision or None)


def has_holidays(country: str, subdivision: str) -> bool:
    """Whether public holidays are known for the region."""
    try:
        _holidays(country, subdivision)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=1024)
def _may_outlast(one: Period, other: Period) -> bool:
    calendar = Calendar(ZoneInfo("UTC"))
    starts = (datetime.combine(_SCAN_FROM + timedelta(days=n), time(), UTC) for n in range(_LEAP_CYCLE_DAYS))
    return any(one.end(start, calendar) > other.end(start, calendar) for start in starts)
