"""One way to name a person: on a command line, and on a screen of the admin."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, MultipleObjectsReturned, ObjectDoesNotExist, ValidationError

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError

_USUAL_NAMES = ("date_joined", "created_at", "created", "joined_at", "registered_at")


class UnknownUser(PrivacyError):
    """No user, or more than one, answers to the word. It is never repeated."""

    def __init__(self) -> None:
        super().__init__(
            field="USER",
            problem="no single user answers to this word",
            mend='Give the value the user signs in with, or "pk:" and the primary key',
        )


def find_user(word: str) -> Any:
    """The user that ``word`` names: the value of USERNAME_FIELD, or ``pk:`` and the primary key.

    Raises:
        UnknownUser: nobody, or more than one.
    """
    if "\0" in word:  # PostgreSQL would raise, with the word in its message
        raise UnknownUser
    model = get_user_model()
    by_key = word.startswith("pk:")
    lookup = {"pk": word[3:]} if by_key else {model.USERNAME_FIELD: word}
    try:
        # The base manager: a site's own manager may hide closed accounts.
        return model._base_manager.get(**lookup)
    except (ObjectDoesNotExist, MultipleObjectsReturned, ValidationError, ValueError, TypeError, OverflowError):
        raise UnknownUser from None


def created_field() -> str:
    """The user model's field that tells when an account was made: ``ACCOUNT_CREATED``, or a usual name; else empty."""
    wanted = settings.account_created
    return next((name for name in ([wanted] if wanted else _USUAL_NAMES) if _has_field(name)), "")


def joined_at(user: Any) -> datetime | None:
    """When this account was made; None where the user model does not tell."""
    field = created_field()
    made = getattr(user, field) if field else None
    if isinstance(made, datetime):
        return made
    return datetime.combine(made, time(), UTC) if isinstance(made, date) else None


def _has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
