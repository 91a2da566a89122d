"""Celery: results that may quote anybody, and schedules that name nobody."""

from __future__ import annotations

from privacy.datamap.bundled.words import declare, exclude

_NAMES = {
    "task_id": "a random number",
    "group_id": "a random number",
    "task_name": "the name of a function",
    "periodic_task_name": "the name of a schedule",
    "worker": "the name of a machine",
    "status": "a state",
    "content_type": "a format",
    "content_encoding": "a format",
}


def declare_all() -> None:
    declare(
        "django_celery_results.TaskResult",
        category="task results",
        purpose="administration",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
        holds=("task_args", "task_kwargs", "result", "traceback", "meta"),
        plain=_NAMES,
        expires="P30D from date_done",
    )
    declare(
        "django_celery_results.GroupResult",
        category="task results",
        purpose="administration",
        legal_basis="legitimate_interests",
        kind="linked",
        source="automatic",
        holds=("result",),
        plain=_NAMES,
        expires="P30D from date_done",
    )
    exclude("django_celery_results.ChordCounter", "random numbers of tasks, gone when their group has run")
    for name in ("ClockedSchedule", "CrontabSchedule", "IntervalSchedule", "SolarSchedule", "PeriodicTasks"):
        exclude(f"django_celery_beat.{name}", "moments and intervals")
    exclude("django_celery_beat.PeriodicTask", "schedules that admins write; their arguments name no person")
