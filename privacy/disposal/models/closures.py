"""Closures, what is still to be swept, and how to find a person's sessions.

No key here is a foreign key to the user: a closure must survive the person it removes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.disposal.querysets import (
    CapturedQuerySet,
    ClosureQuerySet,
    JournalPageQuerySet,
    SessionIndexQuerySet,
    StoreReceiptQuerySet,
    SweepQuerySet,
)

__all__ = ["Captured", "Closure", "JournalPage", "SessionIndex", "StoreReceipt", "Sweep"]


class Closure(models.Model):
    """One account on its way out. The row is the truth; tasks and the night only follow it.

    ``subject_key`` is erased with the person; ``pseudonym`` lets the person's own receipt be matched.
    ``steps``, ``kept`` and ``errors`` hold model labels and counts, never a value of a row.
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        PLANNED = "planned", _("planned")
        CUT_OFF = "cut_off", _("cut off")
        PARTIAL = "partial", _("partial")
        HELD = "held", _("held")
        UNDECIDED = "undecided", _("waits for a decision")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    class Channel(models.TextChoices):
        PAGE = "page", _("by the member")
        ADMIN = "admin", _("by staff")
        COMMAND = "command", _("by command")
        TAKE_OVER = "take_over", _("closed by the site before")
        RETENTION = "retention", _("by the retention schedule")
        ORM = "orm", _("deleted by other code")
        REPLAY = "replay", _("erased again after a restore")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_key = models.CharField(_("account key"), max_length=255, blank=True)
    pseudonym = models.CharField(_("pseudonym"), max_length=64)
    #: ``pseudonym_key_id`` of the key that made it; the key is needed as long as the row is to be found by its person.
    pseudonym_key = models.CharField(_("key of the pseudonym"), max_length=8, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.PLANNED)
    channel = models.CharField(_("how it was closed"), max_length=16, choices=Channel.choices)
    requested_by = models.CharField(_("asked by"), max_length=16)
    verified_by = models.CharField(_("identity verified by"), max_length=16, blank=True)
    closed_at = models.DateTimeField(_("closed"))
    due_at = models.DateTimeField(_("due by"))
    cut_off_at = models.DateTimeField(_("cut off"), null=True, blank=True)
    erased_at = models.DateTimeField(_("database erased"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    batch = models.UUIDField(_("batch"), null=True, blank=True, editable=False)
    steps = models.JSONField(_("steps"), default=list, blank=True)
    kept = models.JSONField(_("kept"), default=list, blank=True)
    errors = models.JSONField(_("errors"), default=list, blank=True)
    backups_until = models.DateTimeField(_("in backups until"), null=True, blank=True)
    held_by = models.CharField(
        max_length=64, blank=True, editable=False, help_text="the holds in force when a hold last stopped it"
    )

    objects = ClosureQuerySet.as_manager()

    #: What finds the account again in the journal, while a run works on it: the account is read once. No column.
    fingerprints: Mapping[str, str] | None = None
    #: The day of the segment in which this run told its intention. No column.
    intended_on: date | None = None

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ("-closed_at", "id")
        default_permissions = ("view",)
        permissions = (
            ("run_closure", _("Can run a closure again")),
            ("close_account", _("Can close an account")),
            ("view_closure_subject", _("Can see whose account a closure is")),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("subject_key",),
                # Once erased, the key may be somebody else's: an e-mail address registers anew.
                condition=~Q(subject_key="") & Q(erased_at__isnull=True) & ~Q(status__in=("done", "cancelled")),
                name="privacy_closure_one_open",
                violation_error_message=_("This account is being closed already."),
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=("scheduled", "planned", "cut_off", "partial", "held", "undecided", "done", "cancelled")
                ),
                name="privacy_closure_status_known",
            ),
        )
        indexes = (
            models.Index(fields=("status", "due_at"), name="privacy_closure_due"),
            models.Index(fields=("subject_key",), name="privacy_closure_subject"),
            models.Index(fields=("pseudonym",), name="privacy_closure_pseudonym"),
        )

    def __str__(self) -> str:
        return f"{self.get_channel_display()}, {self.get_status_display()}"

    @property
    def is_open(self) -> bool:
        """Still something to do: the night will look at it."""
        return self.status not in (self.Status.DONE, self.Status.CANCELLED)


class Sweep(models.Model):
    """A file or cache entry that goes after the commit, and stays listed until it is gone.

    ``name`` may tell of a person (file names do), so the row is deleted when the thing is gone. Whoever is about to
    remove it holds a ``claim`` for a while, and it comes back to the others when that has run out.
    """

    class Kind(models.TextChoices):
        FILE = "file", _("file")
        CACHE = "cache", _("cache entry")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    place = models.CharField(max_length=255, help_text="app.Model.field of a file, alias of a cache")
    name = models.TextField()  # a name cut off at some length would be another file's, and this one would stay
    batch = models.UUIDField(null=True, blank=True, db_index=True)
    subject_key = models.CharField(max_length=255, blank=True, db_index=True)
    queued_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_by = models.CharField(max_length=120, blank=True, default="", db_default="")
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = SweepQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("kind", "place"), name="privacy_sweep_place"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.place}"


class StoreReceipt(models.Model):
    """What one external store answered about one closure; open until it confirmed that nothing is left.

    It holds no key of a person: the closure keeps that as long as a receipt is open, and no longer.
    """

    class Answer(models.TextChoices):
        WAITING = "waiting", _("not asked yet")
        CONFIRMED = "confirmed", _("confirmed")
        LEFT = "left", _("says that something is left")
        REFUSED = "refused", _("failed")
        LATE = "late", _("did not answer in time")
        SILENT = "silent", _("did not say what is left")
        UNDECLARED = "undeclared", _("not declared any more")
        SETTLED = "settled", _("confirmed by staff")

    # Goes with its closure when that ends; never empty, but a link that may be counts as no obstacle to it.
    closure = models.ForeignKey(
        Closure, on_delete=models.CASCADE, null=True, related_name="receipts", verbose_name=_("closure")
    )
    store = models.CharField(_("place"), max_length=100)
    answer = models.CharField(_("answer"), max_length=16, choices=Answer.choices, default=Answer.WAITING)
    opened_at = models.DateTimeField(_("open since"))
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("times asked"), default=0)
    left = models.PositiveIntegerField(_("records left"), default=0)
    error = models.CharField(_("error"), max_length=100, blank=True)
    verified_at = models.DateTimeField(_("confirmed"), null=True, blank=True)

    objects = StoreReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt of an outside place")
        verbose_name_plural = _("receipts of outside places")
        ordering = ("-opened_at", "store", "id")
        default_permissions = ("view",)
        permissions = (("settle_store", _("Can confirm for a place that is not declared any more")),)
        constraints = (
            models.UniqueConstraint(fields=("closure", "store"), name="privacy_receipt_one_a_store"),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=False, answer__in=("confirmed", "settled"))
                | (Q(verified_at__isnull=True) & ~Q(answer__in=("confirmed", "settled"))),
                name="privacy_receipt_verified_means_confirmed",
            ),
        )
        indexes = (models.Index(fields=("store",), condition=Q(verified_at__isnull=True), name="privacy_receipt_open"),)

    def __str__(self) -> str:
        return f"{self.store}: {self.get_answer_display()}"

    @property
    def reason(self) -> str:
        """Why it is still open, for the closure's page; empty once the place confirmed."""
        return {
            self.Answer.WAITING: "it was not asked yet",
            self.Answer.LEFT: f"{self.left} records left",
            self.Answer.REFUSED: self.error,
            self.Answer.LATE: f"no answer within {self.error}",
            self.Answer.SILENT: "it did not say what is left",
            self.Answer.UNDECLARED: "it is not declared any more, and never confirmed",
        }.get(self.Answer(self.answer), "")


class Captured(models.Model):
    """Primary keys of rows about to be anonymised, so that they can be read again without the link.

    ``keys`` is a JSON array of texts, of as many ``rows``.
    """

    batch = models.UUIDField()
    place = models.CharField(max_length=255)
    keys = models.TextField()
    rows = models.PositiveBigIntegerField()

    objects = CapturedQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("batch", "place"), name="privacy_captured_batch"),)

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.place}"


class SessionIndex(models.Model):
    """Whose session is whose: a session's data is opaque, so the login writes it down."""

    session_key = models.CharField(primary_key=True, max_length=64)
    user_key = models.CharField(max_length=255, db_index=True, blank=True)
    seen_at = models.DateTimeField()

    objects = SessionIndexQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        default_permissions = ()

    def __str__(self) -> str:
        return "session"


class JournalPage(models.Model):
    """What one transaction tells the journal. Its key and token are what the journal's head remembers of it.

    ``told`` holds fingerprints, moments and figures, and is emptied once it stands in the files.
    """

    at = models.DateTimeField()
    token = models.CharField(max_length=32)
    told = models.JSONField(default=list)
    written = models.BooleanField(default=False)
    process = models.CharField(max_length=120)

    objects = JournalPageQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("at",), condition=Q(written=False), name="privacy_page_unwritten"),)

    def __str__(self) -> str:
        return f"page {self.pk} of the journal"
