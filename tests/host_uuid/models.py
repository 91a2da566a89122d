"""A site whose users have UUID keys."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Member(AbstractUser):
    """The user."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)


class Diary(models.Model):
    """One hop."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.TextField()

    def __str__(self) -> str:
        return f"diary {self.pk}"


class Page(models.Model):
    """Two hops, and a UUID key of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    diary = models.ForeignKey(Diary, models.CASCADE)
    text = models.TextField()

    def __str__(self) -> str:
        return f"page {self.pk}"


class Remark(models.Model):
    """Hangs on anything."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.CharField(max_length=255)
    about = GenericForeignKey()
    text = models.TextField()

    def __str__(self) -> str:
        return f"remark {self.pk}"


class Stamp(models.Model):
    """Stores the key of its user as a plain value."""

    user_key = models.CharField(max_length=255)

    def __str__(self) -> str:
        return f"stamp {self.pk}"
