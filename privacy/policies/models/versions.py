"""What the site published: documents, the drafts that are worked on, and versions that never change."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.evidence.models import WrittenOnce
from privacy.policies.querysets import PolicyDraftQuerySet, PolicyVersionQuerySet, PolicyWithdrawalQuerySet

__all__ = ["PolicyDocument", "PolicyDraft", "PolicyVersion", "PolicyWithdrawal", "TextFormat"]

#: What people call the documents that most sites have; any other is called by its code.
NAMES = {
    "privacy": _("Privacy policy"),
    "terms": _("Terms of use"),
    "cookies": _("Cookie policy"),
    "imprint": _("Imprint"),
}


class TextFormat(models.TextChoices):
    """How a text is written down."""

    TEXT = "text", _("plain text")
    MARKDOWN = "markdown", "Markdown"
    HTML = "html", "HTML"


class PolicyDocument(models.Model):
    """One document of the site, in however many languages and versions.

    Attributes:
        code: ``"privacy"``, ``"terms"``, ``"cookies"`` or the site's own word.
        added_at: when its first draft came.
    """

    code = models.SlugField(_("code"), max_length=40, primary_key=True)
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("code",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return str(NAMES.get(self.code) or self.code.replace("-", " ").capitalize())


class PolicyDraft(models.Model):
    """The next version of a document in one language, while it is worked on.

    Attributes:
        text: as it was written or imported, figures still to be resolved.
        revised_on: the date that the version will print; empty prints the day of its publication.
        note: what changed, in a sentence for readers.
        material: whether readers are asked again; a corrected letter is none.
        post_at: when the page is to show it, after the mails went; empty shows it with its publication.
        effective_from: when it is to bind; empty leaves that to the profile's rule.
        early_reason: why it binds sooner than the rule says.
        publish_at: when it is to be published by itself; empty waits for a person.
        refusal: why it was not published when its moment came.
        site: names and figures of a profile that is not loaded, where it came with one; empty goes by the one in force.
    """

    document = models.ForeignKey(PolicyDocument, models.PROTECT, related_name="drafts", verbose_name=_("document"))
    language = models.CharField(_("language"), max_length=35)
    title = models.CharField(_("title"), max_length=200)
    form = models.CharField(_("format"), max_length=10, choices=TextFormat.choices)
    text = models.TextField(_("text"))
    revised_on = models.DateField(_("printed date"), null=True, blank=True)
    note = models.CharField(_("what changed"), max_length=500, blank=True)
    material = models.BooleanField(_("material change"), default=True)
    post_at = models.DateTimeField(_("on the page from"), null=True, blank=True)
    effective_from = models.DateTimeField(_("to bind from"), null=True, blank=True)
    early_reason = models.CharField(_("why it binds sooner"), max_length=500, blank=True)
    publish_at = models.DateTimeField(_("to be published"), null=True, blank=True, db_index=True)
    refusal = models.CharField(_("why it was not published"), max_length=500, blank=True)
    site = models.JSONField(_("profile it came with"), default=dict, blank=True)
    changed_at = models.DateTimeField(_("changed"))

    objects = PolicyDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("draft of a policy")
        verbose_name_plural = _("drafts of policies")
        ordering = ("document", "language")
        default_permissions = ("view",)
        permissions = (
            ("write_policies", _("Can write drafts of policies")),
            ("publish_policies", _("Can publish and withdraw policies")),
        )
        constraints = (
            models.UniqueConstraint(fields=("document", "language"), name="privacy_policydraft_one_a_language"),
            models.CheckConstraint(
                condition=models.Q(form__in=TextFormat.values), name="privacy_policydraft_format_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.document_id} ({self.language})"


class PolicyVersion(WrittenOnce):
    """One published text, word for word. Nobody changes it, and nothing removes it.

    Attributes:
        key: document, language and number, ``"privacy.en.3"``.
        digest: SHA-256 (hexadecimal) over the UTF-8 bytes of ``text``: what anybody can compute from the file.
        figures: what stands for each figure, ``{"backups.kept_for": {"figure": "P1M", "words": "1 month"}}``; of one
            that binds, its promise, setting and heading as well.
        date_label: the words in front of the printed date; empty prints no date.
        material: whether readers are asked again.
        effect: the rule of its notice, frozen: the words of ``clocks.Effect``.
        early_reason: why it binds sooner than the rule says, for readers.
        announced_at: when its mails began to go, where the page shows it only later; else empty.
        published_at: from when the page shows it, in UTC. It may lie ahead while the mails go first.
    """

    # The primary key is the only unique column: a second one would need a replacement guard of its own.
    key = models.CharField(_("key"), max_length=100, primary_key=True, editable=False)
    document = models.ForeignKey(
        PolicyDocument, models.DO_NOTHING, related_name="versions", verbose_name=_("document"), editable=False
    )
    language = models.CharField(_("language"), max_length=35, editable=False)
    number = models.PositiveIntegerField(_("version"), editable=False)
    title = models.CharField(_("title"), max_length=200, editable=False)
    form = models.CharField(_("format"), max_length=10, choices=TextFormat.choices, editable=False)
    text = models.TextField(_("text"), editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    figures = models.JSONField(_("figures"), default=dict, editable=False)
    date_label = models.CharField(_("label of the date"), max_length=100, blank=True, editable=False)
    revised_on = models.DateField(_("printed date"), editable=False)
    note = models.CharField(_("what changed"), max_length=500, blank=True, editable=False)
    material = models.BooleanField(_("material change"), default=True, editable=False)
    effect = models.JSONField(_("effect"), default=dict, editable=False)
    early_reason = models.CharField(_("why it binds sooner"), max_length=500, blank=True, editable=False)
    announced_at = models.DateTimeField(_("announced"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published"), db_index=True, editable=False)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("published version")
        verbose_name_plural = _("published versions")
        ordering = ("document", "language", "-number")
        default_permissions = ("view",)
        indexes = (models.Index(fields=("document", "language", "number"), name="privacy_policyversion_in_row"),)

    def __str__(self) -> str:
        return f"{self.document_id} {self.number} ({self.language})"

    @staticmethod
    def key_of(document: str, language: str, number: int) -> str:
        return f"{document}.{language}.{number}"

    @staticmethod
    def digest_of(text: str) -> str:
        """SHA-256 over the text's bytes in UTF-8, hexadecimal."""
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_unaltered(self) -> bool:
        """Whether the text is, byte for byte, the one that was published."""
        return self.digest == self.digest_of(self.text)

    @property
    def is_withdrawn(self) -> bool:
        return hasattr(self, "withdrawal")

    @property
    def withdrawn_at(self) -> datetime | None:
        return self.withdrawal.at if self.is_withdrawn else None

    @property
    def withdrawal_reason(self) -> str:
        return self.withdrawal.reason if self.is_withdrawn else ""

    @property
    def figure_rows(self) -> list[dict[str, str]]:
        """The figures as rows: ``name``, ``figure`` and ``words`` of each."""
        return [{"name": name, **figure} for name, figure in self.figures.items()]


class PolicyWithdrawal(WrittenOnce):
    """That a version was published by mistake. It binds no person from then on, and stays readable.

    Attributes:
        reason: for readers, in a sentence.
    """

    version = models.OneToOneField(
        PolicyVersion,
        models.DO_NOTHING,
        primary_key=True,
        related_name="withdrawal",
        verbose_name=_("version"),
        editable=False,
    )
    at = models.DateTimeField(_("withdrawn"), editable=False)
    reason = models.CharField(_("reason"), max_length=500, editable=False)

    objects = PolicyWithdrawalQuerySet.as_manager()

    class Meta:
        verbose_name = _("withdrawal of a version")
        verbose_name_plural = _("withdrawals of versions")
        ordering = ("-at",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"withdrawal of {self.version_id}"
