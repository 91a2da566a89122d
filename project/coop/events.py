"""The large tables, filled by the database itself: one INSERT … SELECT for each, whatever the number of rows.

Figures come from multiplication modulo a prime instead of the database's own random numbers, so that
SQLite and PostgreSQL hold the same data after the same seed.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connections

from project.sites import Site

VIEWS = 120
STATISTICS = 26
MAIL_EVENTS = 12
#: Sixteen months: some views are past the thirteen that they may live, so that a first night has work.
REACH = 16 * 30 * 86_400
#: Since when a site that shortens addresses does so, in seconds.
SHORTENED_SINCE = 30 * 86_400

_PRIME = 2_147_483_647


class _Words:
    """What SQLite and PostgreSQL say differently."""

    def __init__(self, vendor: str) -> None:
        sqlite = vendor == "sqlite"
        self.stamp = "strftime('%Y-%m-%d %H:%M:%S', {}, 'unixepoch')" if sqlite else "to_timestamp({})"
        self.epoch = "CAST(strftime('%s', {}) AS INTEGER)" if sqlite else "CAST(EXTRACT(EPOCH FROM {}) AS BIGINT)"
        self.address = "{}" if sqlite else "CAST({} AS inet)"
        self.larger = "max" if sqlite else "greatest"


def _mixed(key: str, step: str, salt: int) -> str:
    return f"(({key} * 48271 + {step} * 69621 + {salt}) * 16807 % {_PRIME})"


def _address(words: _Words, figure: str, *, short: bool = False) -> str:
    fourth = "'203.0.113.0'" if short else f"'203.0.113.' || (1 + {figure} % 254)"
    sixth = f"'2001:db8:' || (1 + {figure} % 900) || '::'" + ("" if short else f" || (1 + {figure} % 800)")
    return words.address.format(f"(CASE WHEN {figure} % 5 = 0 THEN {sixth} ELSE {fourth} END)")


def _logged_address(words: _Words, figure: str, moment: str, end: int) -> str:
    """As this site logs it: not at all, whole, or shortened since a month."""
    site: Site = settings.SITE
    if "ip" not in site.logs:
        return words.address.format("NULL")
    if not site.shortens:
        return _address(words, figure)
    whole, short = _address(words, figure), _address(words, figure, short=True)
    return f"CASE WHEN {moment} < {end - SHORTENED_SINCE} THEN {whole} ELSE {short} END"


def fill(*, first: int, members: list[int], campaigns: list[int], seed: int, now: datetime, using: str) -> int:
    """Views, daily figures and mail events of these members. Returns the rows made.

    Args:
        first: the number of the first member; figures follow from numbers, never from primary keys.
        members: primary keys in an unbroken rising run, as one bulk insert gives them.
        campaigns: primary keys of what they may have viewed, an unbroken rising run too.
    """
    connection = connections[using]
    words = _Words(connection.vendor)
    end = int(now.timestamp())
    salt = seed % 1_000_003
    since = f"{words.larger}({words.epoch.format('began')}, {end - REACH}) AS low"
    span = (
        f"SELECT id, {first} + ROW_NUMBER() OVER (ORDER BY id) AS number, {since.replace('began', 'joined_at')}, "
        f"COALESCE({words.epoch.format('closed_at')}, {end}) AS high "
        f"FROM coop_member WHERE id BETWEEN {members[0]} AND {members[-1]}"
    )
    figure = _mixed("m.number", "n.i", salt)
    moment = f"(m.low + {_mixed('m.number', 'n.i', salt + 7)} % (m.high - m.low + 1))"
    address = _logged_address(words, figure, moment, end)
    country = f"CASE {figure} % 4 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' WHEN 2 THEN 'NL' ELSE 'AT' END"
    if "country" not in settings.SITE.logs:
        country = "''"
    day = "((m.high / 86400 - n.i) * 86400)"
    lost = "m.low > m.high"

    def insert(table: str, columns: str, values: str, count: int, source: str, where: str = "1 = 1") -> int:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) "
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}), m AS ({source}) "
            f"SELECT {values} FROM m CROSS JOIN n WHERE {where}"
        )
        return int(cursor.rowcount)

    with connection.cursor() as cursor:
        rows = insert(
            "coop_adview",
            "viewer_id, campaign_id, ip, user_agent, country, viewed_at",
            f"m.id, {campaigns[0]} + {figure} % {len(campaigns)}, {address}, "
            f"CASE {figure} % 3 WHEN 0 THEN 'Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0' "
            "WHEN 1 THEN 'Mozilla/5.0 (Windows NT 10.0) Chrome/127.0' ELSE 'Mozilla/5.0 (iPhone) Safari/605.1' END, "
            f"{country}, {words.stamp.format(moment)}",
            VIEWS,
            span,
            f"NOT ({lost})",
        )
        rows += insert(
            "coop_dailystatistic",
            "member_id, day, views, prizes, credits",
            f"m.id, {words.stamp.format(day)}, {figure} % 40, CASE WHEN {figure} % 17 = 0 THEN 1 ELSE 0 END, "
            f"{figure} % 90",
            STATISTICS,
            span,
            f"{day} >= m.low",
        )
        rows += insert(
            "coop_mailevent",
            "member_id, kind, campaign_code, ip, happened_at",
            f"m.id, CASE {figure} % 3 WHEN 0 THEN 'clicked' ELSE 'opened' END, 'news-' || (1 + {figure} % 24), "
            f"{address}, {words.stamp.format(moment)}",
            MAIL_EVENTS,
            span,
            f"NOT ({lost})",
        )
        return rows
