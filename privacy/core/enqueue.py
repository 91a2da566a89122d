"""One way to wake a worker. The truth is in rows; a task is only a nudge.

The night finds everything that a lost nudge left, so a broker that is down costs time, never data.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from privacy.core.errors import PrivacyError

logger = logging.getLogger(__name__)

_broker_is_down = False


class UnfitNudge(PrivacyError):
    """A task argument that is no id of a row of ours: the broker would keep a personal value."""


def nudge(task_name: str, **kwargs: int | UUID | str) -> bool:
    """Ask a worker to run ``task_name`` once the open transaction is committed.

    Args:
        task_name: the registered name, ``"privacy.nightly"``.
        **kwargs: ids of rows of this app: whole numbers or UUIDs (also as text), nothing else.

    Returns:
        True when it was sent or will be after the commit; False when the broker is down. It never
        raises for a broker: what the caller did is committed and stays done.

    Raises:
        UnfitNudge: an argument is no id.
    """
    arguments = {name: _id(name, value) for name, value in kwargs.items()}
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(partial(_send, task_name, arguments))
        return True
    return _send(task_name, arguments)


def _id(name: str, value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return str(value if isinstance(value, UUID) else UUID(value))
    except (AttributeError, TypeError, ValueError):
        raise UnfitNudge(
            field=name, problem="a task takes ids of our own rows only", mend="Pass a whole number or a UUID"
        ) from None


def _send(task_name: str, arguments: dict[str, int | str]) -> bool:
    global _broker_is_down
    from celery import current_app

    try:
        # A person waits for this request: no retries here, the night retries.
        with current_app.connection_for_write(transport_options=_impatient(current_app)) as connection:
            current_app.send_task(task_name, kwargs=arguments, connection=connection, retry=False)
    except Exception as error:  # noqa: BLE001
        # Each transport has its own errors, and none may undo what is already committed.
        if not _broker_is_down:
            logger.warning("The task broker cannot be reached (%s); the night will catch up.", type(error).__name__)
        _broker_is_down = True
        return False
    _broker_is_down = False
    return True


def _impatient(app: Any) -> dict[str, Any]:
    # Without max_retries kombu tries to connect for ever.
    return {**(app.conf.broker_transport_options or {}), "max_retries": 0, "interval_start": 0}
