"""What makes the gate cheap: one word for everything that was published, and a note a member that all is well."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["GatePass", "PolicyEpoch"]


class PolicyEpoch(models.Model):
    """One row: a word that changes whenever something is published, withdrawn, or ruled otherwise.

    Attributes:
        value: 32 hexadecimal digits that never come again, not even after a restore.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.CharField(_("epoch"), max_length=32)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("epoch of the gate")
        verbose_name_plural = _("epochs of the gate")
        default_permissions = ()

    def __str__(self) -> str:
        return "epoch of the gate"


class GatePass(models.Model):
    """That a member had nothing to accept when the gate last looked. It is worth something in its epoch alone.

    Attributes:
        user_key: ``str(user.pk)``.
        epoch: the one it was written in.
        until: when something may bind the member; empty while nothing is to come.
    """

    user_key = models.CharField(_("account key"), max_length=255, primary_key=True)
    epoch = models.CharField(_("epoch"), max_length=32)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("pass of the gate")
        verbose_name_plural = _("passes of the gate")
        default_permissions = ()

    def __str__(self) -> str:
        return "pass of the gate"
