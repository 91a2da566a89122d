"""What others hand over about a member: an outside login that the member connected, and partners."""

from __future__ import annotations

from django.db import models

from project.coop.models import Member


class IntegratedProfile(models.Model):
    """What a member let an outside login hand over when they connected it."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="integrated")
    provider = models.CharField(max_length=20)
    provider_uid = models.CharField(max_length=64)
    full_name = models.CharField(max_length=120)
    gender = models.CharField(max_length=12, blank=True)
    city = models.CharField(max_length=80, blank=True)
    picture_url = models.URLField(blank=True)
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Integrated profile {self.pk}"


class PartnerProfile(models.Model):
    """What an advertising partner says about a member; joined to own data, so as personal as that."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, related_name="partner_profile")
    segment = models.CharField(max_length=40)
    region = models.CharField(max_length=40)
    score = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Partner profile {self.pk}"
