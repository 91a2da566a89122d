"""One text to many people."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.messages.classes import Kind
from privacy.messages.querysets import MailingQuerySet

__all__ = ["Mailing"]


class Mailing(models.Model):
    """One text to everybody of an audience who may get it. It names nobody; its recipients are outbox rows.

    Attributes:
        code: a word that no other mailing has. With it nobody gets the same mailing twice, even when it is written
            anew after a restore.
        topic: of the profile; ``kind`` is its class at the time of writing.
        promotional: what the approver found in the text, whatever its class says.
        left_out: by reason, how many of the audience were not written to.
        cursor: where the preparing of recipients stopped.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PREPARING = "preparing", _("recipients are gathered")
        RUNNING = "running", _("being sent")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(
        _("code"),
        max_length=60,
        unique=True,
        help_text=_("A word of your own, such as news-2026-03. Nobody gets two mailings of one code."),
    )
    topic = models.CharField(_("topic"), max_length=40)
    kind = models.CharField(_("class"), max_length=20, choices=Kind.choices)
    audience = models.CharField(_("audience"), max_length=60)
    language = models.CharField(_("language"), max_length=12)
    sender = models.CharField(_("sender"), max_length=254, help_text=_("As the recipient reads it."))
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    tracking = models.BooleanField(
        _("count openings and clicks"), default=False, help_text=_("Only what a mail provider reports; off by default.")
    )
    per_minute = models.PositiveIntegerField(_("at most so many a minute"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    resumes_to = models.CharField(_("goes on as"), max_length=10, blank=True, default="")
    promotional = models.BooleanField(_("promotional"), null=True)
    created_at = models.DateTimeField(_("written"))
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    prepared = models.BooleanField(_("all recipients gathered"), default=False)
    cursor = models.CharField(_("gathered up to"), max_length=255, blank=True)
    left_out = models.JSONField(_("left out"), default=dict, blank=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        ordering = (F("created_at").desc(), "id")
        default_permissions = ("view",)
        permissions = (
            ("write_mailing", _("Can write and test mailings")),
            ("send_mailing", _("Can approve, start, pause and stop mailings")),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("draft", "preparing", "running", "paused", "finished", "stopped")),
                name="privacy_mailing_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "stopped")) | Q(approved_at__isnull=False, started_at__isnull=False),
                name="privacy_mailing_approved_before_it_goes",
            ),
        )

    def __str__(self) -> str:
        return self.code
