"""One way to name a person: on a command line, and on a screen of the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import MultipleObjectsReturned, ObjectDoesNotExist, ValidationError

from privacy.core.errors import PrivacyError


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
