"""What the site promised, and what the live checks found, run by run."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.core.registries import Status
from privacy.evidence.models import WrittenOnce
from privacy.promises.querysets import FrozenBoundQuerySet, PromiseResultQuerySet, PromiseRunQuerySet

__all__ = ["FrozenBound", "ProfileTable", "Promise", "PromiseResult", "PromiseRun", "SiteFacts"]


class SiteFacts(models.Model):
    """Who the site is: one row, written by the profile loader."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    code = models.CharField(_("code"), max_length=10)
    name = models.CharField(_("name"), max_length=200)
    data = models.JSONField(_("facts"), default=dict)
    source = models.CharField(_("profile file"), max_length=200)
    fingerprint = models.CharField(_("fingerprint of the profile"), max_length=64)
    loaded_at = models.DateTimeField(_("loaded at"))

    class Meta:
        verbose_name = _("site facts")
        verbose_name_plural = _("site facts")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="privacy_sitefacts_one_row"),
        ]

    def __str__(self) -> str:
        return self.code


class ProfileTable(models.Model):
    """One table of the profile that another room owns, as it was written."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    table = models.JSONField(_("table"), default=dict)

    class Meta:
        verbose_name = _("profile table")
        verbose_name_plural = _("profile tables")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


class Promise(models.Model):
    """One sentence of the published text that the site is held to."""

    class Kind(models.TextChoices):
        DUTY = "duty", _("duty")
        FREEDOM = "freedom", _("freedom kept")
        FACT = "fact", _("stated fact")

    class BoundKind(models.TextChoices):
        CEILING = "ceiling", _("at most")
        FLOOR = "floor", _("at least")

    position = models.PositiveSmallIntegerField(_("position"))
    code = models.CharField(_("id"), max_length=40, unique=True)
    clause = models.CharField(_("clause"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    says = models.CharField(_("says"), max_length=300)
    checks = models.JSONField(_("live checks"), default=list)
    figure = models.CharField(_("figure"), max_length=60, blank=True)
    bound = models.CharField(_("bound"), max_length=10, choices=BoundKind.choices, blank=True)
    setting = models.CharField(_("setting"), max_length=100, blank=True)
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    needs = models.CharField(_("record that is missing"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        default_permissions = ("view",)
        permissions = (("check_promises", _("Can check the promises now")),)
        ordering = ("position",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["duty", "freedom", "fact"]), name="privacy_promise_known_kind"
            ),
            models.CheckConstraint(condition=Q(bound__in=["", "ceiling", "floor"]), name="privacy_promise_known_bound"),
            models.CheckConstraint(condition=Q(bound="") | ~Q(figure=""), name="privacy_promise_bound_has_figure"),
            models.CheckConstraint(condition=Q(setting="") | ~Q(bound=""), name="privacy_promise_setting_has_bound"),
        ]

    def __str__(self) -> str:
        return self.code


class FrozenBound(WrittenOnce):
    """A figure that a published version promises, as it was frozen when that version was published.

    Whether it binds now is asked at the moment of reading: nothing here is changed when a later version comes.

    Attributes:
        key: version and promise, ``"privacy.en.3 HTC-10-4"``.
        heading: above the figure in the text; may be empty.
        setting: the dotted setting that it binds; empty for a figure that no setting carries.
    """

    # The primary key is the only unique column: a second one would need a replacement guard of its own.
    key = models.CharField(_("key"), max_length=150, primary_key=True, editable=False)
    version = models.CharField(_("version"), max_length=100, db_index=True, editable=False)
    code = models.CharField(_("id"), max_length=40, editable=False)
    clause = models.CharField(_("clause"), max_length=80, editable=False)
    heading = models.CharField(_("heading"), max_length=200, blank=True, editable=False)
    setting = models.CharField(_("setting"), max_length=100, blank=True, db_index=True, editable=False)
    figure = models.CharField(_("figure"), max_length=60, editable=False)
    bound = models.CharField(_("bound"), max_length=10, choices=Promise.BoundKind.choices, editable=False)
    frozen_at = models.DateTimeField(_("published"), editable=False)

    objects = FrozenBoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("bound of a published version")
        verbose_name_plural = _("bounds of published versions")
        default_permissions = ("view",)
        ordering = ("-frozen_at", "key")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(bound__in=["ceiling", "floor"]), name="privacy_frozenbound_known_bound"),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.version}"


class PromiseRun(models.Model):
    """One time all promises were checked."""

    site = models.CharField(_("site"), max_length=10, blank=True)
    fingerprint = models.CharField(_("fingerprint of the profile"), max_length=64, blank=True)
    checked_at = models.DateTimeField(_("checked at"))
    asked_by = models.CharField(_("asked by"), max_length=60)
    kept = models.PositiveIntegerField(_("kept"), default=0)
    broken = models.PositiveIntegerField(_("broken"), default=0)
    cannot_tell = models.PositiveIntegerField(_("cannot tell"), default=0)
    not_promised = models.PositiveIntegerField(_("not promised"), default=0)

    objects = PromiseRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of the promises")
        verbose_name_plural = _("checks of the promises")
        default_permissions = ("view",)
        indexes: ClassVar = [models.Index(fields=["site", "-checked_at"], name="privacy_promiserun_latest")]

    def __str__(self) -> str:
        return f"{self.site} {self.checked_at:%Y-%m-%d %H:%M}"


class PromiseResult(models.Model):
    """What one run found about one promise, with the promise as it read then."""

    run = models.ForeignKey(PromiseRun, on_delete=models.CASCADE, related_name="results", verbose_name=_("run"))
    position = models.PositiveSmallIntegerField(_("position"))
    code = models.CharField(_("id"), max_length=100)
    clause = models.CharField(_("clause"), max_length=80, blank=True)
    says = models.CharField(_("says"), max_length=300)
    check_names = models.CharField(_("live check"), max_length=400)
    status = models.CharField(_("status"), max_length=12)
    figure = models.CharField(_("promised figure"), max_length=60, blank=True)
    why = models.TextField(_("why"))
    since = models.DateTimeField(_("has this status since"))

    objects = PromiseResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding about a promise")
        verbose_name_plural = _("findings about promises")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "code"], name="privacy_promiseresult_once_a_run"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in Status]), name="privacy_promiseresult_known_status"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["code", "run"], name="privacy_promiseresult_history")]

    def __str__(self) -> str:
        return f"{self.code} {self.status}"
