"""Who takes part, and what the co-op learnt about them elsewhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class PreferenceTag(models.Model):
    """A subject that members may find interesting; says nothing about anybody by itself."""

    name = models.SlugField(unique=True)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person's place in the co-op, beside the account that signs in."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        CLOSED = "closed"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member")
    display_name = models.CharField(max_length=80)
    phone = models.CharField(max_length=40, blank=True)
    address = models.TextField(blank=True)
    birth_date = models.DateField(null=True, blank=True)
    payment_email = models.EmailField(blank=True)
    avatar = models.FileField(upload_to="avatars/", blank=True)
    interests = models.ManyToManyField(PreferenceTag, blank=True, related_name="members")
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    joined_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(closed_at__isnull=True)),
                name="coop_member_closed_has_its_date",
            )
        ]
        indexes = [models.Index(fields=["status", "closed_at"], name="coop_member_closed")]

    def __str__(self) -> str:
        return f"Member {self.pk}"
