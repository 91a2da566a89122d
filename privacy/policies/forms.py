"""What readers and staff may type about policies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from privacy.core.conf import settings
from privacy.policies.models import PolicyDraft, TextFormat


class CompareForm(forms.Form):
    """Two numbers of versions, in any order. Without them, the newest and the one before."""

    before = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)
    after = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)


class _RefusableForm(forms.Form):
    def refuse(self, field: str, words: str) -> None:
        """Show a service's refusal beside the box it is about."""
        name = {"format": "form"}.get(field, field)
        self.add_error(name if name in self.fields else None, words)


class DraftForm(_RefusableForm):
    """The text of a draft and what stands around it."""

    title = forms.CharField(
        label=_("Title"), required=False, max_length=200, help_text=_("Empty: what the document is called.")
    )
    form = forms.ChoiceField(label=_("Format"), choices=TextFormat.choices)
    text = forms.CharField(
        label=_("Text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 28, "cols": 100, "spellcheck": "true"}),
        help_text=_('A figure of a promise is written {{ promise "backups.kept_for" }} and becomes words.'),
    )
    revised_on = forms.DateField(
        label=_("Printed date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: the day of the publication."),
    )
    note = forms.CharField(
        label=_("What changed"),
        required=False,
        max_length=500,
        help_text=_("A sentence for readers, in the list of versions."),
    )

    @staticmethod
    def of(draft: PolicyDraft) -> dict[str, Any]:
        """What the boxes show first."""
        return {name: getattr(draft, name) for name in ("title", "form", "text", "revised_on", "note")}


class NewDraftForm(DraftForm):
    """The same, for a document and language that have no draft yet."""

    document = forms.CharField(
        label=_("Document"),
        max_length=40,
        initial="privacy",
        validators=[RegexValidator(r"\A[a-z][a-z0-9-]*\Z", _("Small letters, digits and hyphens."))],
        help_text=_("privacy, terms, cookies, or a word of your own."),
    )
    language = forms.CharField(
        label=_("Language"), max_length=35, initial="en", help_text=_("A code such as en or de.")
    )

    field_order = ("document", "language", "title", "form", "text", "revised_on", "note")


class DigestForm(_RefusableForm):
    """Which text was looked at."""

    digest = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)


class ScheduleForm(DigestForm):
    """When a draft is to be published, in the site's own time."""

    publish_at = forms.DateTimeField(
        label=_("Publish at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=_("In the time zone of the site. It happens within the hour that follows."),
    )

    def moment(self) -> datetime:
        """The moment in UTC."""
        said: datetime = self.cleaned_data["publish_at"]
        return said.replace(tzinfo=settings.calendar.zone).astimezone(UTC)


class WithdrawForm(_RefusableForm):
    """Why a version is taken back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Readers see it above the version, which stays readable.")
    )
