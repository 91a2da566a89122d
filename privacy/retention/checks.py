"""System checks of schedules and nights; they read rows, so they run under ``check --database default``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections, router
from django.utils import timezone

from privacy.promises.models import ProfileTable, Promise
from privacy.retention import logs
from privacy.retention.declarations import declared_ends
from privacy.retention.models import NightRun
from privacy.retention.rules import bounds_of, is_weaker, proposed, rules
from privacy.retention.watchdog import standing


@register(Tags.database)
def check_declared_periods(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E301: no declared period is weaker than what the published text promises for its category."""
    using = router.db_for_read(Promise)
    if using not in (databases or ()) or not _has_tables(using):
        return []
    own = rules().periods
    found: list[CheckMessage] = []
    for name, end in declared_ends().by_name.items():
        category = end.declared.category
        promised = bounds_of(category) if end.kind == "expiry" else []
        period = proposed(end.period, own.get(category))
        for bound in promised:
            if is_weaker(period, [bound]):
                wrong = "longer" if bound.kind == "ceiling" else "shorter"
                found.append(
                    Error(
                        f"{name}: {period} may last {wrong} than {bound.figure}, which {bound.clause} promises "
                        f"({bound.code}).",
                        hint=f"Declare {bound.figure}. Until then the night goes by the promised figure.",
                        obj=end.declared.model,
                        id="privacy.E301",
                    )
                )
    return found


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
