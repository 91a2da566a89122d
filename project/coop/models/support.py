"""What people write: to each other, to the co-op, and the co-op about them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

from project.coop.models.members import Member


class Message(models.Model):
    """From one member to another; it belongs to both."""

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="messages_sent"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="messages_received"
    )
    answers = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="answered_by")
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField(blank=True)
    sent_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Message {self.pk}"


class Ticket(models.Model):
    """A member's question to support."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tickets")
    subject = models.CharField(max_length=120)
    body = models.TextField()
    opened_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Ticket {self.pk}"


class TicketReply(models.Model):
    """One turn of the talk in a ticket, by the member or by staff."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="ticket_replies"
    )
    body = models.TextField()
    written_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "ticket replies"

    def __str__(self) -> str:
        return f"Ticket reply {self.pk}"


class Enquiry(models.Model):
    """The contact form: whoever writes needs no account."""

    name = models.CharField(max_length=80)
    email = models.EmailField(db_index=True)
    text = models.TextField()
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "enquiries"

    def __str__(self) -> str:
        return f"Enquiry {self.pk}"


class Note(models.Model):
    """Staff's note about anything of the site; only staff see it."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.CharField(max_length=64)
    about = GenericForeignKey("content_type", "object_id")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="notes_written"
    )
    text = models.TextField()
    written_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["content_type", "object_id"], name="coop_note_about")]

    def __str__(self) -> str:
        return f"Note {self.pk}"
