"""Cut off, destroy, follow up: the three moves of every closure, for any number of accounts at once.

Cutting off commits in any case. Destruction runs in a savepoint; when a batch fails it is halved
until the account that fails stands alone, so that one never keeps the others. What lies outside
the database follows after the commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import FieldDoesNotExist
from django.db import router, transaction

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.registries import providers
from privacy.datamap import graph
from privacy.datamap.graph import Subjects
from privacy.disposal import sessions, sweeping
from privacy.disposal.execution import Outcome, erase
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.queries import rules
from privacy.evidence.services import Draft, forget, record, record_many

Closures = Sequence[Closure]


def people(closures: Closures) -> Subjects:
    """The people of these closures; keys come back in the user model's own type."""
    key = get_user_model()._meta.pk
    return Subjects.of([key.to_python(closure.subject_key) for closure in closures])


def lock_out(closures: Closures, *, now: datetime, for_good: bool) -> None:
    """Nobody signs in any more: the account is inactive, its sessions and tokens are gone.

    ``for_good`` makes the password unusable too; an account that waits for its date keeps it, since
    it may be reopened.
    """
    user_model = get_user_model()
    values: dict[str, Any] = {}
    if has_field(user_model, "is_active"):
        values["is_active"] = False
    if has_field(user_model, "password") and (for_good or not values):
        values["password"] = make_password(None)
    subjects = people(closures)
    if values:
        user_model._base_manager.filter(pk__in=subjects.keys).update(**values)
    sessions.destroy(user_keys=[closure.subject_key for closure in closures], now=now)
    for declared in graph.declared():
        if declared.data.access:
            for side in declared.sides:
                declared.rows(side, subjects)._raw_delete(declared.using)


def cut_off(closures: Closures, *, now: datetime) -> None:
    """Lock the accounts out for good and say so; the caller's transaction commits it in any case."""
    fresh = [closure for closure in closures if closure.cut_off_at is None]
    lock_out(closures, now=now, for_good=True)
    for closure in fresh:
        closure.status = Closure.Status.CUT_OFF
        closure.cut_off_at = now
    Closure.objects.bulk_update(fresh, ["status", "cut_off_at"])


def destroy(closures: Closures, *, now: datetime, actor: Actor) -> None:
    """Erase these accounts from the database; what fails alone becomes *partial* with its reason.

    Must run inside a transaction. Halving costs about two log₂(n) further attempts per failing account.
    """
    try:
        with transaction.atomic(using=router.db_for_write(Closure)):
            _destroy_together(closures, now=now, actor=actor)
    except Exception as error:  # noqa: BLE001 a host's signal handler may raise anything
        if len(closures) > 1:
            middle = len(closures) // 2
            destroy(closures[:middle], now=now, actor=actor)
            destroy(closures[middle:], now=now, actor=actor)
        else:
            fail(closures[0], reason=reason_of(error), now=now)


def fail(closure: Closure, *, reason: str, now: datetime) -> None:
    """Nothing was destroyed for this account: say why, and let the night try again."""
    closure.status = Closure.Status.PARTIAL
    closure.errors = [reason]
    closure.attempts += 1
    closure.cut_off_at = closure.cut_off_at or now
    closure.save(update_fields=["status", "errors", "attempts", "cut_off_at"])


def follow_up(closures: Closures, *, now: datetime, actor: Actor) -> None:
    """After the commit: files, caches and external stores; then the closure is done, or *partial* and why."""
    erased = [closure for closure in closures if closure.erased_at is not None and closure.is_open]
    if not erased:
        return
    keys = [closure.subject_key for closure in erased]
    sweeping.sweep(_sweeps_of(erased))
    store_errors = _erase_stores(keys)
    left_by_key, left_by_batch = _left(erased)
    gone = set(keys) - _still_there(keys)
    for closure in erased:
        left = left_by_key.get(closure.subject_key, []) + left_by_batch.get(closure.batch, [])
        errors = [*store_errors, *sorted(set(left))]
        closure.errors = errors
        closure.status = Closure.Status.PARTIAL if errors else Closure.Status.DONE
        if errors:
            closure.attempts += 1
            continue
        closure.finished_at = now
        if closure.subject_key in gone:
            closure.subject_key = ""
    Closure.objects.bulk_update(erased, ["status", "errors", "attempts", "finished_at", "subject_key"], batch_size=500)
    done = sum(closure.status == Closure.Status.DONE for closure in erased)
    if done:
        record(act="disposal.finished", label="privacy.Closure", counts={"accounts": done}, now=now, actor=actor)


def reason_of(error: Exception) -> str:
    """A reason for the admin: our own errors speak, others may quote a person and give only their kind."""
    return str(error) if isinstance(error, PrivacyError) else type(error).__name__


def _destroy_together(closures: Closures, *, now: datetime, actor: Actor) -> None:
    batch = uuid.uuid4()
    subjects = people(closures)
    outcome = erase(subjects=subjects, batch=batch, now=now, using=router.db_for_write(get_user_model()))
    backups_until = _last_backup_date(now)
    steps, kept = _as_rows(outcome)
    for closure in closures:
        closure.batch = batch
        closure.erased_at = now
        closure.errors = []
        closure.backups_until = backups_until
        closure.steps = steps
        closure.kept = kept
    Closure.objects.bulk_update(
        closures, ["batch", "erased_at", "errors", "backups_until", "steps", "kept"], batch_size=500
    )
    _prove(closures, outcome, now=now, actor=actor)


def _prove(closures: Closures, outcome: Outcome, *, now: datetime, actor: Actor) -> None:
    forget(subjects=[closure.subject_key for closure in closures])
    until = rules().proof_kept_for.end(now, settings.calendar)
    label = get_user_model()._meta.label
    record_many(
        drafts=[
            Draft(
                act="disposal.account_erased",
                label=label,
                details={"closure": str(closure.pk), "pseudonym": closure.pseudonym, "channel": closure.channel},
                until=until,
            )
            for closure in closures
        ],
        now=now,
        actor=Actor.system("closure") if actor.kind == "member" else actor,
    )
    totals = {"accounts": len(closures), "rows": outcome.rows, "files": sum(step.files for step in outcome.steps)}
    record(act="disposal.batch_erased", label=label, counts=totals, now=now, actor=Actor.system("closure"))


def _as_rows(outcome: Outcome) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    kept = [{**asdict(item), "until": item.until.isoformat() if item.until else None} for item in outcome.kept]
    return [asdict(step) for step in outcome.steps], kept


def _last_backup_date(now: datetime) -> datetime | None:
    ask = providers.find("last_backup_date")
    return ask(now=now) if ask else None


def _erase_stores(keys: Sequence[str]) -> list[str]:
    errors = []
    for store in graph.stores():
        try:
            store.erase(keys)
            left = store.verify(keys)
        except Exception as error:  # noqa: BLE001 a store outside may fail in any way; it is retried
            errors.append(f"{store.name}: {type(error).__name__}")
        else:
            if left:
                errors.append(f"{store.name}: {left} records left")
    return errors


def _sweeps_of(closures: Closures) -> Any:
    return Sweep.objects.filter(batch__in={closure.batch for closure in closures})


def _left(closures: Closures) -> tuple[dict[str, list[str]], dict[uuid.UUID | None, list[str]]]:
    """What could not be swept, by person where the row tells whose it was, else by batch."""
    by_key: dict[str, list[str]] = {}
    by_batch: dict[uuid.UUID | None, list[str]] = {}
    left = _sweeps_of(closures).values_list("subject_key", "batch", "kind", "place", "error")
    for key, batch, kind, place, error in left.iterator():
        reason = f"{place}: a {kind} could not be removed ({error or 'not tried yet'})"
        if key:
            by_key.setdefault(key, []).append(reason)
        else:
            by_batch.setdefault(batch, []).append(reason)
    return by_key, by_batch


def _still_there(keys: Sequence[str]) -> set[str]:
    user_model = get_user_model()
    typed = [user_model._meta.pk.to_python(key) for key in keys]
    return {str(key) for key in user_model._base_manager.filter(pk__in=typed).values_list("pk", flat=True)}


def has_field(model: type[Any], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
