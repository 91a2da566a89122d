"""Evidence in two halves: an entry that is never changed, and who it was about, which is erased.

An entry holds no key and no value of a person, so it can stay for ever. Its commitment, a salted
hash, proves that the details shown for it are those written at the time; drop the details with
their salt, and the commitment tells nothing about anyone.

Seals prove that the entries are all there, in their order and unaltered: a leaf puts an entry under a seal.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import title_of
from privacy.evidence.querysets import (
    EvidenceDetailQuerySet,
    EvidenceEntryQuerySet,
    EvidenceImmutable,
    WrittenOnceQuerySet,
)

__all__ = ["EvidenceDetail", "EvidenceEntry", "Seal", "SealLeaf"]


class WrittenOnce(models.Model):
    """A row that is inserted and then stays."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise EvidenceImmutable(self._meta.label)
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EvidenceImmutable(self._meta.label)


class EvidenceEntry(WrittenOnce):
    """One act, written once.

    Attributes:
        at: when, in UTC.
        act: a name of the vocabulary, ``"disposal.account_erased"``.
        label: what kind of thing it was done to, ``"coop.Member"``; never a single object.
        counts: how many, ``{"rows": 12}``.
        commitment: SHA-256 (hex) over salt, entry and details.
    """

    # The primary key is the only unique column: a second one would need a replacement guard of its own.
    at = models.DateTimeField(_("when"), db_index=True, editable=False)
    act = models.CharField(_("act"), max_length=100, editable=False)
    label = models.CharField(_("about"), max_length=200, blank=True, editable=False)
    counts = models.JSONField(_("counts"), default=dict, blank=True, editable=False)
    commitment = models.CharField(_("commitment"), max_length=64, editable=False)

    objects = EvidenceEntryQuerySet.as_manager()

    class Meta:
        db_table = "privacy_evidenceentry"
        verbose_name = _("evidence entry")
        verbose_name_plural = _("evidence")
        ordering = ("-at", "-pk")
        # db_index would make a second one on PostgreSQL, for patterns that nobody asks for.
        indexes = [models.Index(fields=["act"], name="privacy_evidence_act")]
        default_permissions = ("view",)
        permissions = (("view_evidence_details", _("Can see who acted and about whom in the evidence")),)

    def __str__(self) -> str:
        return f"{title_of(self.act)} ({self.at:%Y-%m-%d %H:%M})"


class EvidenceDetail(models.Model):
    """Who acted, about whom, and what else: the half that is erased.

    Attributes:
        salt: 64 hexadecimal digits; without it the commitment cannot be guessed at.
        content: canonical JSON of actor, subject and details, byte for byte what the commitment is over.
        actor_kind, actor_key, subject_key, subject: copies out of ``content``, to look people up by.
        subject: the subject's pseudonym.
        until: when the night removes this row.
    """

    # No cascade: an entry is never deleted, and a detail is deleted without asking anyone.
    entry = models.OneToOneField(
        EvidenceEntry,
        models.DO_NOTHING,
        primary_key=True,
        related_name="detail",
        verbose_name=_("evidence entry"),
        editable=False,
    )
    salt = models.CharField(_("salt"), max_length=64, editable=False)
    content = models.TextField(_("content"), editable=False)
    actor_kind = models.CharField(_("kind of actor"), max_length=10, editable=False)
    actor_key = models.CharField(_("key of the actor"), max_length=255, blank=True, editable=False)
    subject_key = models.CharField(_("key of the subject"), max_length=255, blank=True, editable=False)
    subject = models.CharField(_("pseudonym"), max_length=32, blank=True, editable=False)
    until = models.DateTimeField(_("kept until"), db_index=True, editable=False)

    objects = EvidenceDetailQuerySet.as_manager()

    class Meta:
        db_table = "privacy_evidencedetail"
        verbose_name = _("evidence detail")
        verbose_name_plural = _("evidence details")
        indexes = [
            models.Index(fields=["actor_key"], name="privacy_detail_actor"),
            models.Index(fields=["subject_key"], name="privacy_detail_key"),
            models.Index(fields=["subject"], name="privacy_detail_subject"),
        ]
        default_permissions = ()

    def __str__(self) -> str:
        return f"details of evidence entry {self.pk}"

    @property
    def details(self) -> dict[str, Any]:
        """What ``record`` was given as details."""
        return cast("dict[str, Any]", json.loads(self.content)["details"])

    @property
    def actor_name(self) -> str:
        """What acted when it was no person, such as ``"night"``."""
        return str(json.loads(self.content)["actor"]["name"])


class Seal(WrittenOnce):
    """One signed root over the entries that no seal held before, chained to the seal before it.

    Attributes:
        number: 1 for the first; none is left out.
        made_at: when, in UTC.
        size: how many entries it holds.
        root: the Merkle tree hash of its leaves (hexadecimal).
        previous: the hash of the statement of the seal before; empty for the first.
        key: the id of the key that signed it; empty when there was none.
        signature: Ed25519 over the statement (hexadecimal); empty when there was no key.
    """

    number = models.BigIntegerField(_("number"), primary_key=True, editable=False)
    made_at = models.DateTimeField(_("made"), editable=False)
    size = models.BigIntegerField(_("entries"), editable=False)
    root = models.CharField(_("root"), max_length=64, editable=False)
    previous = models.CharField(_("seal before"), max_length=64, blank=True, editable=False)
    key = models.CharField(_("key"), max_length=16, blank=True, editable=False)
    signature = models.CharField(_("signature"), max_length=128, blank=True, editable=False)

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        db_table = "privacy_seal"
        verbose_name = _("seal")
        verbose_name_plural = _("seals of the evidence")
        ordering = ("-number",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"seal {self.number}"


class SealLeaf(WrittenOnce):
    """The place of one entry under a seal.

    Attributes:
        position: from 0; within a seal the entries stand by rising key.
        hash: the leaf (hexadecimal). With it an altered entry can be told by name.
    """

    entry = models.OneToOneField(
        EvidenceEntry,
        models.DO_NOTHING,
        primary_key=True,
        related_name="leaf",
        verbose_name=_("evidence entry"),
        editable=False,
    )
    seal = models.ForeignKey(
        Seal, models.DO_NOTHING, related_name="leaves", db_index=False, verbose_name=_("seal"), editable=False
    )
    position = models.BigIntegerField(_("position"), editable=False)
    hash = models.CharField(_("leaf"), max_length=64, editable=False)

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        db_table = "privacy_sealleaf"
        verbose_name = _("leaf of a seal")
        verbose_name_plural = _("leaves of seals")
        default_permissions = ()
        # Not unique: a second unique key would need a replacement guard of its own.
        indexes = [models.Index(fields=["seal", "position"], name="privacy_leaf_place")]

    def __str__(self) -> str:
        return f"leaf of evidence entry {self.pk}"
