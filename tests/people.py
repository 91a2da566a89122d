"""People, signed in."""

from __future__ import annotations

from typing import Any

from django.test import Client


def client_of(user: Any) -> Client:
    """A browser, or a program, in which this user is signed in."""
    client = Client()
    client.force_login(user)
    return client
