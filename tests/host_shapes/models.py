"""Users of an inherited table, rows that cascade against their declaration, and models that point in circles."""

# ruff: noqa: DJ008 - nobody reads these rows

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models

USER = settings.AUTH_USER_MODEL


class Company(models.Model):
    """Its end takes its members along."""

    name = models.CharField(max_length=80)


class Person(models.Model):
    """The parent table of the user."""

    called = models.CharField(max_length=80)


class Member(AbstractUser, Person):
    """The user: a child table."""

    company = models.ForeignKey(Company, models.CASCADE, null=True, related_name="members")


class Guest(Member):
    """A proxy of the user."""

    class Meta:
        proxy = True


class Purchase(models.Model):
    """Kept under tax law; Django's own cascades would take it along."""

    member = models.ForeignKey(USER, models.CASCADE, null=True)
    company = models.ForeignKey(Company, models.CASCADE, null=True)
    address = models.CharField(max_length=80, blank=True)
    total = models.IntegerField()
    placed_at = models.DateTimeField()


class Post(models.Model):
    """Answers are other people's; Django's own cascade would take them along."""

    author = models.ForeignKey(USER, models.CASCADE)
    above = models.ForeignKey("self", models.CASCADE, null=True)
    text = models.CharField(max_length=80)


# --- circles -------------------------------------------------------------------------------


class Nest(models.Model):
    """One of its links may be empty."""

    owner = models.ForeignKey(USER, models.CASCADE)
    best = models.ForeignKey("Egg", models.SET_NULL, null=True, related_name="+")


class Egg(models.Model):
    """In the nest."""

    nest = models.ForeignKey(Nest, models.CASCADE)
    text = models.CharField(max_length=80)


class Wallet(models.Model):
    """Neither it nor its card can be without the other."""

    owner = models.ForeignKey(USER, models.CASCADE)
    main = models.ForeignKey("Card", models.CASCADE, related_name="+")


class Card(models.Model):
    """In the wallet."""

    wallet = models.ForeignKey(Wallet, models.CASCADE)
    text = models.CharField(max_length=80)


class First(models.Model):
    """Of three that point at each other."""

    owner = models.ForeignKey(USER, models.CASCADE)
    onward = models.ForeignKey("Second", models.CASCADE, related_name="+")


class Second(models.Model):
    """Of three."""

    onward = models.ForeignKey("Third", models.CASCADE, related_name="+")
    text = models.CharField(max_length=80)


class Third(models.Model):
    """Of three."""

    onward = models.ForeignKey(First, models.CASCADE, related_name="+")
    text = models.CharField(max_length=80)


class Branch(models.Model):
    """Each has a root, and a root is its own."""

    owner = models.ForeignKey(USER, models.CASCADE)
    root = models.ForeignKey("self", models.CASCADE)
    text = models.CharField(max_length=80)
