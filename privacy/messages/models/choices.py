"""What people said about being written to."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.messages.classes import Channel, Frequency, Level
from privacy.messages.querysets import PreferenceQuerySet, SuppressionQuerySet

__all__ = ["Preference", "Suppression"]


class Suppression(models.Model):
    """One opt-out, by the digest of an address. It outlives the account, its erasure, and a restore.

    Attributes:
        digest, key_id: of the address under the key that was the newest then.
        level: how much it stops; ``topic`` is what it was about.
        requested_at: when the person said so; ``entered_at`` when it took effect here.
        lifted_at: only the person lifts an opt-out, by asking for messages again.
    """

    class Source(models.TextChoices):
        LINK = "link", _("link in a mail")
        ONE_CLICK = "one_click", _("button of the mail program")
        PAGE = "page", _("account settings")
        STAFF = "staff", _("written, entered by staff")
        STOP = "stop", _("answer to a text message")
        COMPLAINT = "complaint", _("marked as spam")
        API = "api", _("entered by the site's software")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.CharField(_("channel"), max_length=5, choices=Channel.choices)
    digest = models.CharField(_("digest"), max_length=32)
    key_id = models.CharField(_("key of the digest"), max_length=16)
    level = models.CharField(_("what it stops"), max_length=10, choices=Level.choices)
    topic = models.CharField(_("topic"), max_length=40, blank=True)
    source = models.CharField(_("how it came"), max_length=10, choices=Source.choices)
    requested_at = models.DateTimeField(_("asked for"))
    entered_at = models.DateTimeField(_("in force since"))
    lifted_at = models.DateTimeField(_("lifted by the person"), null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        ordering = (F("entered_at").desc(), "id")
        default_permissions = ("view",)
        permissions = (("enter_opt_out", _("Can enter opt-outs that came in writing")),)
        constraints = (
            models.CheckConstraint(
                condition=Q(level__in=("topic", "marketing", "all")), name="privacy_suppression_level_known"
            ),
            models.CheckConstraint(condition=~Q(level="topic") | ~Q(topic=""), name="privacy_suppression_topic_named"),
            models.CheckConstraint(condition=~Q(digest=""), name="privacy_suppression_of_somebody"),
            models.UniqueConstraint(
                fields=("channel", "digest", "level", "topic"),
                condition=Q(lifted_at__isnull=True),
                name="privacy_suppression_once",
            ),
        )
        indexes = (models.Index(fields=("digest", "channel"), name="privacy_suppression_digest"),)

    def __str__(self) -> str:
        return f"{self.get_level_display()} ({self.get_channel_display()})"


class Preference(models.Model):
    """What a member chose about one topic by one channel. It goes with the account; an opt-out does not."""

    id = models.BigAutoField(primary_key=True)
    user_key = models.CharField(_("account key"), max_length=255)
    topic = models.CharField(_("topic"), max_length=40)
    channel = models.CharField(_("channel"), max_length=5, choices=Channel.choices)
    wanted = models.BooleanField(_("wanted"))
    frequency = models.CharField(_("how often"), max_length=8, choices=Frequency.choices, default=Frequency.EVERY)
    chosen_at = models.DateTimeField(_("chosen"))

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice about messages")
        verbose_name_plural = _("choices about messages")
        ordering = ("user_key", "topic", "channel")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=("user_key", "topic", "channel"), name="privacy_preference_once"),
            models.CheckConstraint(
                condition=Q(frequency__in=("every", "weekly", "monthly")), name="privacy_preference_frequency_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.topic} ({self.get_channel_display()})"
