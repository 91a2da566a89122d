"""Rows beside the accounts, and rows in the archive that lead to the same people."""

# ruff: noqa: DJ008 - nobody reads these rows

from __future__ import annotations

from django.conf import settings
from django.db import models

USER = settings.AUTH_USER_MODEL


class Basket(models.Model):
    """Beside the accounts."""

    owner = models.ForeignKey(USER, models.CASCADE)
    text = models.CharField(max_length=80)


# --- the archive ---------------------------------------------------------------------------


class Event(models.Model):
    """A link to the user that no constraint can guard."""

    user = models.ForeignKey(USER, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    text = models.CharField(max_length=80)
    at = models.DateTimeField()


class EventTag(models.Model):
    """Two hops, within the archive."""

    event = models.ForeignKey(Event, models.CASCADE)
    text = models.CharField(max_length=80)


class Letter(models.Model):
    """Only an e-mail address leads here; with a file."""

    address = models.EmailField()
    file = models.FileField(upload_to="letters/", blank=True)


class Receipt(models.Model):
    """A plain value leads here; the total is kept."""

    user_key = models.CharField(max_length=40, blank=True)
    billed_to = models.CharField(max_length=80)
    total = models.IntegerField()
    at = models.DateTimeField()


class Detail(models.Model):
    """Two hops, by a row in the other database."""

    basket = models.ForeignKey(Basket, models.DO_NOTHING, db_constraint=False, related_name="+")
    text = models.CharField(max_length=80)
