"""Users deleted by other code, the admin or the ORM: they go through a closure, or are refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import Model, QuerySet

from privacy.core.actors import Actor
from privacy.core.batches import chunks
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.datamap.graph import Subjects
from privacy.disposal import closing, destroying, opening
from privacy.disposal.cascades import Cascade
from privacy.disposal.finishing import follow_up
from privacy.disposal.holds.stopping import holds_on
from privacy.disposal.journal import closures as journalling
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.obstacles import obstacles
from privacy.disposal.removal import ours

#: Where staff close an account, in the words of the admin's screens.
SCREEN = "Privacy › Closures › Close an account"
_HELD = "a legal hold keeps data of an account that would be deleted"


class DeletionRefused(PrivacyError, PermissionDenied):
    """Deleting this account would do more, or less, than closing it.

    For Django it is a refusal of permission, so that no view of the site answers it with a server error.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(
            field=get_user_model()._meta.label,
            problem=problem,
            mend=f"Close the account instead, on the admin's screen {SCREEN}, or with privacy_close",
        )


def account_models() -> tuple[type[Model], ...]:
    """The user model and its proxies: Django signals a deletion under the class it was asked for."""
    account = get_user_model()._meta.concrete_model
    return tuple(model for model in apps.get_models() if model._meta.concrete_model is account)


def close_deleted(*, user: Any, origin: Any, using: str, now: datetime, actor: Actor) -> None:
    """Close the account that Django is about to delete, and all that go in the same deletion, inside its transaction.

    The database's part is done when it returns, so that Django finds nothing left to remove; files and external
    stores follow after the commit. A closure that waited for its date is finished. Nothing is asked of the closure
    period, which is a ceiling.

    Args:
        user: the row of the signal.
        origin: what ``delete()`` was called on: a row or a queryset, of whatever model.
        using: the database it is deleted from.

    Raises:
        DeletionRefused: before anything was destroyed.
    """
    if ours() or using != router.db_for_write(get_user_model()):
        return  # a closure's own deletion, or a copy of the account in a database that is not the site's
    if not _there([user.pk]):
        return  # closed with the first account of the same deletion
    cascade = Cascade(origin if isinstance(origin, Model | QuerySet) else user, using=using)
    keys = list(dict.fromkeys([*cascade.users(), user.pk]))
    problem = _why_not(cascade, keys, now=now)
    if problem:
        raise DeletionRefused(problem)
    for some in chunks(keys, settings.batch_size):
        _close(_there(some), now=now, actor=actor)


def why_refused(*, origin: Any, now: datetime) -> DeletionRefused | None:
    """What ``delete()`` of ``origin`` would be refused with on account of the accounts it takes along; reads only.

    Raises:
        django.db.models.ProtectedError, django.db.models.RestrictedError: Django would refuse by itself.
    """
    cascade = Cascade(origin, using=router.db_for_write(get_user_model()))
    keys = cascade.users()
    problem = _why_not(cascade, keys, now=now) if keys else ""
    return DeletionRefused(problem) if problem else None


def _why_not(cascade: Cascade, keys: Sequence[Any], *, now: datetime) -> str:
    subjects = Subjects.of(keys)
    holds, _spared = holds_on(subjects)
    texts = [str(key) for key in keys]
    if holds or Closure.objects.held().filter(subject_key__in=texts).exists():
        return _HELD
    beyond = cascade.beyond(subjects, now)
    if beyond:
        named = ", ".join(beyond)
        return f"deleting it would take rows along that its closure keeps, anonymises or leaves to others ({named})"
    return next((obstacle.reason for obstacle in obstacles(lambda: subjects)), "")


def _there(keys: Sequence[Any]) -> list[Any]:
    """Those keys that still have a row."""
    return list(get_user_model()._base_manager.filter(pk__in=keys).values_list("pk", flat=True))


def _close(keys: Sequence[Any], *, now: datetime, actor: Actor) -> None:
    with transaction.atomic(using=closing.using()):
        mine = Closure.objects.unfinished().unerased().filter(subject_key__in=[str(key) for key in keys])
        opening.still_closed(closing.lock(mine.all(), wait=True), now=now, actor=actor)
        opening.open_many([(key, now) for key in keys], Mandate("site", Closure.Channel.ORM), now=now, at_once=True)
        closures = closing.lock(mine.all(), wait=True)
        again = any(closure.cut_off_at is not None for closure in closures)
        closing.cut_off(closures, now=now)
        try:
            journalling.intended(closures, again=again, now=now)
            destroying.destroy_together(closures, now=now, actor=actor)
        except PrivacyError as error:
            raise DeletionRefused(f"its closure would stop: {error.field}: {error.problem}") from error
        if any(closure.status == Closure.Status.HELD for closure in closures):  # placed at this very moment
            raise DeletionRefused(_HELD)
        finish = partial(follow_up, [closure.pk for closure in closures], now=now, actor=actor)
        transaction.on_commit(finish, using=closing.using())
