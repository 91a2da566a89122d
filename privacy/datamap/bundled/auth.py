"""django.contrib.auth, sessions, content types, and the tokens of Django REST framework."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import ForeignKey, Model

from privacy.datamap.bundled.words import declare, exclude


def declare_all() -> None:
    declare(
        "auth.User",
        subject="self",
        category="account",
        purpose="service",
        collected_at=("registration",),
        holds=("username", "first_name", "last_name", "email", "password"),
        export=("username", "first_name", "last_name", "email", "date_joined", "last_login"),
    )
    _roles(get_user_model())
    exclude("auth.Group", "names of roles; who has one is in the table between")
    exclude("auth.Permission", "names of permissions; who has one is in the table between")
    exclude("contenttypes.ContentType", "names of models")
    exclude("sessions.Session", "found and closed through the session index that the privacy app keeps")
    declare(
        "authtoken.Token",
        subject="user",
        category="account",
        purpose="service",
        kind="linked",
        source="automatic",
        holds=("key",),
        export=("created",),
        access=True,
    )


def _roles(user: type[Model]) -> None:
    """The tables between any user model and the roles of auth."""
    for many in user._meta.many_to_many:
        through: Any = many.remote_field.through
        if through._meta.auto_created and many.related_model._meta.app_label == "auth":
            link = next(
                field.name
                for field in through._meta.concrete_fields
                if isinstance(field, ForeignKey) and issubclass(user, field.related_model)
            )
            declare(through, subject=link, category="account", purpose="service", kind="linked", source="automatic")
