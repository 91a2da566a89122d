"""The outbox: one row a recipient, in a state that a crash can neither lose nor repeat."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from privacy.messages.classes import Basis, Kind
from privacy.messages.models.mailings import Mailing
from privacy.messages.querysets import MailEventQuerySet, OutboxQuerySet

__all__ = ["MailEvent", "OutboxMessage"]


class OutboxMessage(models.Model):
    """One message to one address.

    Attributes:
        key: says what it is about; the same key is never queued twice. It holds no address.
        digest: of the address, under the newest key at the time of queueing.
        user_key: ``str(pk)`` of the recipient, or empty. No foreign key: the row goes with the person by declaration.
        content: reply-to, headers, alternatives and attachments of a mail that other code wrote.
        state: ``sending`` is written, and committed, before the first byte of the text leaves.
        reason: why it was dropped, refused, or is not known to have arrived; a word, never what a server said.
        claim, claimed_by, claimed_until: the process that is at it.
        linked, labelled, addressed, sender_domain: what the mail that left really carried.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        DROPPED = "dropped", _("not sent")
        REFUSED = "refused", _("refused")
        AMBIGUOUS = "ambiguous", _("perhaps sent")

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(_("key"), max_length=160, unique=True)
    mailing = models.ForeignKey(
        Mailing, models.CASCADE, null=True, blank=True, related_name="outbox", verbose_name=_("mailing")
    )
    topic = models.CharField(_("topic"), max_length=40)
    kind = models.CharField(_("class"), max_length=20, choices=Kind.choices)
    priority = models.PositiveSmallIntegerField(_("priority"))
    basis = models.CharField(_("why it may be sent"), max_length=10, choices=Basis.choices)
    test = models.BooleanField(_("test"), default=False)
    user_key = models.CharField(_("account key"), max_length=255, blank=True)
    address = models.CharField(_("address"), max_length=254, blank=True)
    digest = models.CharField(_("digest"), max_length=32, blank=True, db_index=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=998, blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(_("HTML"), blank=True)
    content = models.JSONField(_("rest of the mail"), default=dict, blank=True)
    queued_at = models.DateTimeField(_("queued"))
    not_before = models.DateTimeField(_("not before"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    code = models.PositiveSmallIntegerField(_("reply code"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claim = models.UUIDField(_("claim"), null=True, blank=True, editable=False)
    claimed_by = models.CharField(_("claimed by"), max_length=120, blank=True, editable=False)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True, editable=False)
    sending_at = models.DateTimeField(_("sending began"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    message_id = models.CharField(_("message id"), max_length=200, blank=True, db_index=True)
    bounced_at = models.DateTimeField(_("came back"), null=True, blank=True)
    linked = models.BooleanField(_("with the way out"), default=False)
    labelled = models.BooleanField(_("with the label"), default=False)
    addressed = models.BooleanField(_("with the postal address"), default=False)
    sender_domain = models.CharField(_("domain of the sender"), max_length=254, blank=True)
    suppressed_all = models.BooleanField(_("all correspondence was stopped"), default=False)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages in the outbox")
        ordering = (F("queued_at").desc(), "-id")
        default_permissions = ("view",)
        permissions = (
            ("view_recipients", _("Can see to whom messages go")),
            ("decide_message", _("Can decide what became of a message")),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=("queued", "sending", "sent", "dropped", "refused", "ambiguous")),
                name="privacy_outbox_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="privacy_outbox_sent_when"
            ),
        )
        indexes = (
            models.Index(
                fields=("priority", "not_before", "id"), condition=Q(state="queued"), name="privacy_outbox_waiting"
            ),
            models.Index(fields=("mailing", "state"), name="privacy_outbox_progress"),
            models.Index(fields=("state", "sent_at"), name="privacy_outbox_sent"),
            models.Index(fields=("user_key", "topic", "sent_at"), name="privacy_outbox_of_member"),
            # An erasure finds what went to an address without an account, in any spelling.
            models.Index(fields=("address",), name="privacy_outbox_address"),
            models.Index(Lower("address"), name="privacy_outbox_any_case"),
            models.Index(fields=("digest", "topic", "sent_at"), name="privacy_outbox_of_digest"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_state_display()}"


class MailEvent(models.Model):
    """What a mail provider reported about one message. Openings and clicks only where the mailing allows them.

    ``tracked`` repeats the mailing's switch at that time. Source: HTC-2.2-2, HVR-5-1.
    """

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("came back")
        COMPLAINED = "complained", _("marked as spam")
        OPENED = "opened", _("opened")
        CLICKED = "clicked", _("clicked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.BigIntegerField(_("message"), db_index=True)
    user_key = models.CharField(_("account key"), max_length=255, blank=True, db_index=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    tracked = models.BooleanField(_("tracking was on"), default=False)
    at = models.DateTimeField(_("when"))

    objects = MailEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event of a mail")
        verbose_name_plural = _("events of mails")
        ordering = ("-at", "id")
        default_permissions = ("view",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("delivered", "bounced", "complained", "opened", "clicked")),
                name="privacy_mailevent_kind_known",
            ),
            models.UniqueConstraint(fields=("message", "kind", "at"), name="privacy_mailevent_once"),
        )

    def __str__(self) -> str:
        return self.get_kind_display()
