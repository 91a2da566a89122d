"""Signals of other apps, forwarded to a service."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import router, transaction
from django.db.models.signals import pre_delete
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.disposal import deleting, sessions
from privacy.disposal.journal import heads
from privacy.evidence.gaps import SealHead
from privacy.evidence.models import Seal
from privacy.evidence.signals import sealed


def index_login(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """A login wrote a session: note whose it is."""
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        sessions.remember(session_key=session.session_key, user_key=str(user.pk), now=timezone.now())


def unindex_logout(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    """A logout ends a session: it need not be found again."""
    session = getattr(request, "session", None)
    if session is not None and session.session_key:
        sessions.forget(session_key=session.session_key)


def remember_seal(sender: Any, head: SealHead, **kwargs: Any) -> None:
    """A seal is made: the journal remembers it, so that a chain that is cut off is missed."""
    # A caller with a transaction of its own may still undo it.
    transaction.on_commit(partial(heads.remember, head=head, now=timezone.now()), using=router.db_for_write(Seal))


def close_deleted(sender: Any, instance: Any, using: str, origin: Any = None, **kwargs: Any) -> None:
    """Other code deletes an account: it goes through a closure, or is refused."""
    who = Actor.system("orm")
    deleting.close_deleted(user=instance, origin=origin, using=using, now=timezone.now(), actor=who)


user_logged_in.connect(index_login, dispatch_uid="privacy.disposal.index_login")
user_logged_out.connect(unindex_logout, dispatch_uid="privacy.disposal.unindex_logout")
sealed.connect(remember_seal, dispatch_uid="privacy.disposal.remember_seal")
for _model in deleting.account_models():
    pre_delete.connect(close_deleted, sender=_model, dispatch_uid="privacy.disposal.close_deleted")
