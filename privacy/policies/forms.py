"""What readers and staff may type about policies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from privacy.core.conf import settings
from privacy.policies.models import PolicyDraft, TextFormat

_FORMAT = "%Y-%m-%dT%H:%M"


class CompareForm(forms.Form):
    """Two numbers of versions, in any order. Without them, the newest and the one before."""

    before = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)
    after = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)


def _moment(label: Any, help_text: Any, *, required: bool = False) -> forms.DateTimeField:
    """A moment in the site's own time; ``in_utc`` reads it."""
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_FORMAT),
        input_formats=[_FORMAT, f"{_FORMAT}:%S"],
        help_text=help_text,
    )


def _in_utc(said: datetime) -> datetime:
    return said.replace(tzinfo=settings.calendar.zone).astimezone(UTC)


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
        help_text=_("A sentence for readers, on the page and in the notice. It advertises nothing."),
    )
    material = forms.BooleanField(
        label=_("It changes something for readers"),
        required=False,
        initial=True,
        help_text=_("Then they are asked again, where the profile says so. A corrected letter changes nothing."),
    )
    post_at = _moment(
        _("On the page from"),
        _("Empty: with its publication. A later moment sends the mails first, and shows the page then."),
    )
    effective_from = _moment(_("To bind from"), _("Empty: as the profile's rule says. In the time zone of the site."))
    early_reason = forms.CharField(
        label=_("Why it binds sooner"),
        required=False,
        max_length=500,
        help_text=_("Needed where it is to bind sooner than the rule says. Readers see it."),
    )

    @staticmethod
    def of(draft: PolicyDraft) -> dict[str, Any]:
        """What the boxes show first."""
        plain = ("title", "form", "text", "revised_on", "note", "material", "early_reason")
        zone = settings.calendar.zone
        moments = {name: getattr(draft, name) for name in ("post_at", "effective_from")}
        return {name: getattr(draft, name) for name in plain} | {
            name: moment and moment.astimezone(zone).replace(tzinfo=None) for name, moment in moments.items()
        }

    def clean_text(self) -> str:
        """The text with the ends of lines that it had: a browser sends all of them as CRLF."""
        text = str(self.cleaned_data["text"])
        return text if "\r\n" in str(self.initial.get("text", "")) else text.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """The moments in UTC."""
        found: dict[str, Any] = super().clean() or {}
        return found | {
            name: found[name] and _in_utc(found[name]) for name in ("post_at", "effective_from") if name in found
        }


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

    field_order = ("document", "language", "title", "form", "text")


class DigestForm(_RefusableForm):
    """Which text was looked at."""

    digest = forms.RegexField(r"\A[0-9a-f]{64}\Z", widget=forms.HiddenInput)


class ScheduleForm(DigestForm):
    """When a draft is to be published, in the site's own time."""

    publish_at = _moment(
        _("Publish at"), _("In the time zone of the site. It happens within the hour that follows."), required=True
    )

    def moment(self) -> datetime:
        """The moment in UTC."""
        return _in_utc(self.cleaned_data["publish_at"])


class WithdrawForm(_RefusableForm):
    """Why a version is taken back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Readers see it above the version, which stays readable.")
    )
