"""Cutting off: nobody signs in any more. It commits in any case, whatever becomes of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import FieldDoesNotExist
from django.db import connections, router, transaction

from privacy.core.among import Among, Values
from privacy.core.errors import PrivacyError
from privacy.datamap.graph import Subjects
from privacy.disposal import sessions
from privacy.disposal.models import Closure
from privacy.disposal.plan import route
from privacy.disposal.querysets import ClosureQuerySet
from privacy.disposal.removal import delete_rows

Closures = Sequence[Closure]


def using() -> str:
    """The database of the closures, whose transactions hold everything together."""
    return router.db_for_write(Closure)


def lock(closures: ClosureQuerySet, *, wait: bool) -> list[Closure]:
    """The rows as they are now, held until the transaction ends.

    Without ``wait``, what another run holds is left to it. SQLite has one writer and needs no locks.
    """
    features = connections[using()].features
    if not features.has_select_for_update:
        return list(closures)
    return list(closures.select_for_update(skip_locked=not wait and features.has_select_for_update_skip_locked))


def lock_again(closures: Closures, still: ClosureQuerySet, *, wait: bool) -> list[Closure]:
    """Those of ``closures``, read a moment ago, that ``still`` finds, held until the transaction ends.

    Only their keys are read again: reading the rows costs more than erasing what they speak of.
    """
    still = still.these([closure.pk for closure in closures])
    features = connections[using()].features
    if not features.has_select_for_update and still.count() == len(closures):
        return list(closures)
    if features.has_select_for_update:
        still = still.select_for_update(skip_locked=not wait and features.has_select_for_update_skip_locked)
    held = set(still.order_by("pk").values_list("pk", flat=True))
    return [closure for closure in closures if closure.pk in held]


def write(closures: Closures, **values: Any) -> None:
    """The same values for every one of these, in one UPDATE: a value a row costs more than the erasure itself."""
    for closure in closures:
        for name, value in values.items():
            setattr(closure, name, value)
    Closure.objects.these([closure.pk for closure in closures]).update(**values)


def people(closures: Closures) -> Subjects:
    """The people of these closures, by all that they are found by: one query."""
    return Subjects.of(_keys(closures))


def _keys(closures: Closures) -> list[Any]:
    """In the user model's own type."""
    key = get_user_model()._meta.pk
    return [key.to_python(closure.subject_key) for closure in closures]


def lock_out(closures: Closures, *, now: datetime, for_good: bool) -> None:
    """Nobody signs in any more: the account is inactive, its sessions and tokens are gone.

    ``for_good`` makes the password unusable too; an account that waits for its date keeps it, since
    it may be reopened. A session store or token that resists is told in ``errors`` and asked again by the
    destruction: it never keeps the account open.
    """
    if not closures:
        return
    user_model = get_user_model()
    values: dict[str, Any] = {}
    if has_field(user_model, "is_active"):
        values["is_active"] = False
    if has_field(user_model, "password") and (for_good or not values):
        values["password"] = make_password(None)
    if values:
        user_model._base_manager.filter(Among("pk", _keys(closures))).update(**values)
    problems = list(_end_access(closures, now=now))
    if problems:
        write(closures, errors=problems)


def cut_off(closures: Closures, *, now: datetime) -> None:
    """Lock the accounts out for good and say so; the caller's transaction commits it in any case."""
    lock_out(closures, now=now, for_good=True)
    fresh = [closure for closure in closures if closure.cut_off_at is None]
    write(fresh, status=Closure.Status.CUT_OFF, cut_off_at=now)


def reason_of(error: Exception) -> str:
    """A reason for the admin: our own errors speak, others may quote a person and give only their kind."""
    return str(error) if isinstance(error, PrivacyError) else type(error).__name__


def has_field(model: type[Any], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _end_access(closures: Closures, *, now: datetime) -> Iterator[str]:
    """End sessions and tokens, each in a savepoint; gives what could not be ended and why."""
    try:
        with transaction.atomic(using=using()):
            sessions.destroy(user_keys=[closure.subject_key for closure in closures], now=now)
    except Exception as error:  # noqa: BLE001 a session store outside the database may fail in any way
        yield f"sessions: {reason_of(error)}"
    try:
        steps = [step for step in route() if step.declared.data.access]
    except PrivacyError as broken:
        yield reason_of(broken)
        return
    subjects = people(closures) if steps else Subjects(Values())
    for step in steps:
        try:
            with transaction.atomic(using=step.declared.using):
                delete_rows(step.declared.model, step.rows(subjects), hooks=step.declared.data.hooks)
        except Exception as error:  # noqa: BLE001 a host's signal handler may raise anything
            yield f"{step.declared.label}: {reason_of(error)}"
