"""System checks of schedules and nights; they read rows, so they run under ``check --database default``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections, router
from django.utils import timezone

from privacy.core.periods import Period
from privacy.datamap import graph
from privacy.promises.bounds import Bound
from privacy.promises.models import ProfileTable, Promise
from privacy.promises.queries import bounds_under
from privacy.retention import logs
from privacy.retention.declarations import declared_ends
from privacy.retention.models import NightRun, Schedule
from privacy.retention.rules import PREFIX, proposed, rules, weaker_than
from privacy.retention.watchdog import standing


@register(Tags.database)
def check_declared_periods(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E301, E304: no declared period, of rows or of a log file, and no schedule is weaker than the published text."""
    using = router.db_for_read(Promise)
    if using not in (databases or ()) or not _has_tables(using):
        return []
    try:
        promised = bounds_under(PREFIX, now=timezone.now())
        return [*_weak_declarations(promised), *_weak_schedules(promised)]
    except DatabaseError:
        return []  # a migrate asks before it makes or alters the tables


def _weak_declarations(promised: Mapping[str, list[Bound]]) -> Iterator[CheckMessage]:
    own = rules().periods
    for name, end in declared_ends().by_name.items():
        if end.kind == "expiry":
            category = end.declared.category
            period = proposed(end.period, own.get(category))
            for bound in weaker_than(period, promised.get(category, ())):
                yield _weak(name, period, bound, f"Declare {bound.figure}", end.declared.model, "privacy.E301")
    for declared in graph.declared():
        for log in declared.logs:
            if log.expires:
                period = Period.parse(log.expires)
                for bound in weaker_than(period, promised.get(declared.category, ())):
                    if bound.kind == "ceiling":  # a log that goes sooner takes no row with it
                        yield _weak(log.path, period, bound, f"Declare {bound.figure}", declared.model, "privacy.E301")


def _weak_schedules(promised: Mapping[str, list[Bound]]) -> Iterator[CheckMessage]:
    """What somebody wrote into the table itself; the forms and the API refuse it."""
    for schedule in Schedule.objects.declared().expiries():
        for bound in weaker_than(schedule.span, promised.get(schedule.category, ())):
            hint = f"Set the schedule to {bound.figure} in the admin, or run a night"
            yield _weak(schedule.name, schedule.span, bound, hint, Schedule, "privacy.E304")


def _weak(name: str, period: Period, bound: Bound, hint: str, about: Any, code: str) -> CheckMessage:
    wrong = "longer" if bound.kind == "ceiling" else "shorter"
    return Error(
        f"{name}: {period} may last {wrong} than {bound.figure}, which {bound.place} promises ({bound.code}).",
        hint=f"{hint}. Until then the night goes by the promised figure.",
        obj=about,
        id=code,
    )


@register(Tags.database)
def check_last_night(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W302: a night was completed within 26 hours, and none has waited longer for approval."""
    if router.db_for_read(NightRun) not in (databases or ()):
        return []
    try:
        found = standing(timezone.now())
    except DatabaseError:
        return []  # a migrate asks before it makes or alters the tables
    if not found.late:
        return []
    # No error: it would stop a migrate, and with it the release that mends the night.
    return [Warning(found.problem, hint=found.mend, obj=NightRun, id="privacy.W302")]


@register(Tags.database)
def check_logs(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W303: every declared log file on this machine is rotated before its lines are over."""
    using = router.db_for_read(Promise)
    if using not in (databases or ()) or not _has_tables(using):
        return []
    now = timezone.now()
    try:
        found = logs.standings(now, horizon=now)
    except DatabaseError:
        return []
    return [
        Warning(
            f"{item.log.path}: it holds lines older than {item.period}, and nobody rotates it.",
            hint="Rotate it (logrotate, or TimedRotatingFileHandler) at least once a day or week: what was rotated is "
            "removed by the night, and the file that is being written is never cut.",
            obj=item.log.declared.model,
            id="privacy.W303",
        )
        for item in found
        if item.unrotated
    ]


def _has_tables(using: str) -> bool:
    tables = set(connections[using].introspection.table_names())
    return {Promise._meta.db_table, ProfileTable._meta.db_table} <= tables
