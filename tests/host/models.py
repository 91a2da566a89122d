"""A small site with every shape a declaration can have. The suite's members live here."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

USER = settings.AUTH_USER_MODEL


class Customer(models.Model):
    """One to one with the user; the site's own flag for a closed account."""

    user = models.OneToOneField(USER, models.CASCADE, related_name="customer")
    display_name = models.CharField(max_length=80)
    phone = models.CharField(max_length=40, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"customer {self.pk}"


class Order(models.Model):
    """Outlives the person: the link is cut, the total is kept under tax law."""

    customer = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="orders")
    number = models.CharField(max_length=20, unique=True)
    address = models.TextField(blank=True)
    phone = models.CharField(max_length=40, null=True, blank=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    placed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"order {self.pk}"


class OrderLine(models.Model):
    """Two hops from the user."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    article = models.CharField(max_length=80)
    engraving = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"order line {self.pk}"


class PageView(models.Model):
    """The large event table: addresses are shortened first, rows go later."""

    user = models.ForeignKey(USER, models.CASCADE, null=True, related_name="page_views")
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(blank=True)
    path = models.CharField(max_length=200)
    viewed_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"page view {self.pk}"


class Message(models.Model):
    """Two sides: the words are the sender's, the row is also the recipient's."""

    sender = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="sent_messages")
    recipient = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="received_messages")
    subject = models.CharField(max_length=120)
    body = models.TextField()
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"message {self.pk}"


class Note(models.Model):
    """Hangs on anything by a generic key."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.CharField(max_length=64)
    about = GenericForeignKey("content_type", "object_id")
    text = models.TextField()

    def __str__(self) -> str:
        return f"note {self.pk}"


class Comment(models.Model):
    """Refers to itself: answers stay when the comment above them goes."""

    author = models.ForeignKey(USER, models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="answers")
    text = models.TextField()

    def __str__(self) -> str:
        return f"comment {self.pk}"


class Team(models.Model):
    """Many to many: the membership is personal, the team is not."""

    name = models.CharField(max_length=80)
    members = models.ManyToManyField(USER, related_name="teams")

    def __str__(self) -> str:
        return f"team {self.pk}"


class Upload(models.Model):
    """A row with a file."""

    owner = models.ForeignKey(USER, models.CASCADE, related_name="uploads")
    title = models.CharField(max_length=80, blank=True)
    file = models.FileField(upload_to="uploads/")

    def __str__(self) -> str:
        return f"upload {self.pk}"


class NewsletterContact(models.Model):
    """A person without an account, known by an e-mail address."""

    address = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"newsletter contact {self.pk}"


class Document(models.Model):
    """The parent table of a multi-table inheritance."""

    owner = models.ForeignKey(USER, models.CASCADE, related_name="documents")
    title = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"document {self.pk}"


class Contract(Document):
    """The child table: its own column is personal as well."""

    terms = models.TextField()

    def __str__(self) -> str:
        return f"contract {self.pk}"


class SignedContract(Contract):
    """A proxy: same table, nothing to declare."""

    class Meta:
        proxy = True

    def __str__(self) -> str:
        return f"signed contract {self.pk}"


class ClientContact(models.Model):
    """Client data: the site only processes it for the client, its controller."""

    client = models.ForeignKey(USER, models.CASCADE, related_name="client_contacts")
    name = models.CharField(max_length=80)
    email = models.EmailField()

    def __str__(self) -> str:
        return f"client contact {self.pk}"


class Invoice(models.Model):
    """PROTECT: a plain deletion of the user would be refused."""

    customer = models.ForeignKey(USER, models.PROTECT, null=True, related_name="invoices")
    billed_to = models.CharField(max_length=120)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    issued_on = models.DateField()

    def __str__(self) -> str:
        return f"invoice {self.pk}"


class Review(models.Model):
    """A link that may not be NULL: a sentinel account stands in for the erased author."""

    author = models.ForeignKey(USER, models.PROTECT, related_name="reviews")
    signed_as = models.CharField(max_length=80, blank=True)
    stars = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"review {self.pk}"
