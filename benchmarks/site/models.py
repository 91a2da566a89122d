"""A site whose members leave some 220 rows each, with the indexes that such a site has."""

from __future__ import annotations

from django.conf import settings
from django.db import models

USER = settings.AUTH_USER_MODEL


class Profile(models.Model):
    user = models.OneToOneField(USER, models.CASCADE, null=True, related_name="profile")
    display_name = models.CharField(max_length=80)
    phone = models.CharField(max_length=40, blank=True)
    about = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"profile {self.pk}"


class Address(models.Model):
    user = models.ForeignKey(USER, models.CASCADE, null=True)
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"address {self.pk}"


class Order(models.Model):
    customer = models.ForeignKey(USER, models.SET_NULL, null=True)
    number = models.CharField(max_length=20, unique=True)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, null=True, blank=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    placed_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"order {self.pk}"


class OrderLine(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    article = models.CharField(max_length=80)
    engraving = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"order line {self.pk}"


class PageView(models.Model):
    user = models.ForeignKey(USER, models.CASCADE, null=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(blank=True)
    path = models.CharField(max_length=200)
    viewed_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"page view {self.pk}"


class SignIn(models.Model):
    user = models.ForeignKey(USER, models.CASCADE, null=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class Message(models.Model):
    author = models.ForeignKey(USER, models.SET_NULL, null=True)
    subject = models.CharField(max_length=120)
    body = models.TextField()
    sent_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"message {self.pk}"


class Comment(models.Model):
    author = models.ForeignKey(USER, models.SET_NULL, null=True)
    text = models.TextField()
    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"comment {self.pk}"


class Rating(models.Model):
    author = models.ForeignKey(USER, models.SET_NULL, null=True)
    stars = models.PositiveSmallIntegerField()
    remark = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"rating {self.pk}"


class Subscription(models.Model):
    user = models.ForeignKey(USER, models.CASCADE, null=True)
    topic = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"subscription {self.pk}"


class Event(models.Model):
    """The table that grows: nobody is removed from it, its rows end by their own time."""

    user = models.ForeignKey(USER, models.CASCADE, null=True, db_constraint=False)
    ip = models.GenericIPAddressField(null=True)
    path = models.CharField(max_length=200)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"event {self.pk}"
