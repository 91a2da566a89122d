"""A site whose users have their e-mail address as primary key."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Members(BaseUserManager["Member"]):
    """Makes users."""

    def create_user(self, email: str, **words: Any) -> Member:
        return self.create(email=email, **words)


class Member(AbstractBaseUser, PermissionsMixin):
    """The user; there is no user name and no number."""

    email = models.EmailField(primary_key=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)

    objects = Members()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"


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
