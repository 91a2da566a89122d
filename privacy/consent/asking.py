"""``may_process`` for the site's own code: one question, asked once a request however many purposes it is about.

What it learnt of a person is remembered until the request ends, or until somebody decides. Outside of a request,
in a task or a shell, nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from privacy.consent import permission, queries
from privacy.consent.people import Person

P = ParamSpec("P")
M = TypeVar("M", bound=Model)

_known: ContextVar[dict[Person | None, Mapping[str, bool]] | None] = ContextVar("privacy_consent", default=None)


def may_process(subject: Any, purpose: str, *, now: datetime | None = None) -> bool:
    """Whether a person's data may be processed for a purpose now.

    Args:
        subject: a user, a request, or a ``Person``. Nobody signed in has agreed to nothing, and objected to nothing.
        purpose: the purpose's code.
        now: another moment than this; nothing is remembered of it.

    Raises:
        UnknownPurpose: nobody declared it.
    """
    person = _person(subject)
    if now is not None:
        return permission.may_process(person, purpose, now=now)
    known = _known.get()
    found = known.get(person) if known is not None else None
    if found is None:
        found = permission.standing(person, now=timezone.now())
        if known is not None:
            known[person] = found
    if purpose not in found:
        raise queries.UnknownPurpose
    return found[purpose]


def requires(
    purpose: str, *, otherwise: Callable[Concatenate[HttpRequest, P], HttpResponseBase] | None = None
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]
]:
    """A view that runs only where the person's data may be processed for a purpose.

    Args:
        otherwise: the view that runs instead; without one the answer is 403.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if may_process(request, purpose):
                return view(request, *args, **kwargs)
            if otherwise is None:
                raise PermissionDenied
            return otherwise(request, *args, **kwargs)

        return guarded

    return decorate


def permitted_rows(rows: QuerySet[M], purpose: str, *, subject: str = "", now: datetime | None = None) -> QuerySet[M]:
    """The rows whose person permits a purpose; the arguments are those of ``permission.permitted_rows``."""
    return permission.permitted_rows(rows, purpose, subject=subject, now=now or timezone.now())


def open_questions(subject: Any) -> int:
    """How many questions a user, a request or a ``Person`` still has to answer; none where nobody is signed in."""
    person = _person(subject)
    return queries.open_questions(person, now=timezone.now()) if person else 0


def remember() -> None:
    """A request begins: what is asked is remembered from now on."""
    _known.set({})


def forget(*, finished: bool) -> None:
    """Somebody decided, or the request is over: what was remembered may not be true any more."""
    if finished:
        _known.set(None)
    elif _known.get() is not None:
        _known.set({})


def _person(subject: Any) -> Person | None:
    if isinstance(subject, Person):
        return subject
    user = getattr(subject, "user", None) if isinstance(subject, HttpRequest) else subject
    return Person.of_user(user) if getattr(user, "pk", None) is not None else None
