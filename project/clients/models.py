"""Data of the members' own customers. The member decides about it; the site only stores it."""

from __future__ import annotations

from django.db import models

from project.coop.models import Member


class ClientContact(models.Model):
    """A person on a member's mailing list."""

    client = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    remarks = models.TextField(blank=True)
    added_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "email"], name="clients_contact_once_a_client")]

    def __str__(self) -> str:
        return f"Client contact {self.pk}"


class ClientMail(models.Model):
    """That a mail of a member reached one of their customers, and what became of it."""

    class Kind(models.TextChoices):
        SENT = "sent"
        OPENED = "opened"
        CLICKED = "clicked"

    contact = models.ForeignKey(ClientContact, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=8, choices=Kind)
    subject = models.CharField(max_length=120)
    happened_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Client mail {self.pk}"


class ClientDispute(models.Model):
    """A claim against a member by one of their customers. The file is needed until claims lapse."""

    client = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="disputes")
    claimant = models.CharField(max_length=120)
    file_number = models.CharField(max_length=20, unique=True)
    summary = models.TextField()
    opened_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Client dispute {self.pk}"
