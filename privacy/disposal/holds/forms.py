"""What staff may type about a legal hold."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.core.conf import settings
from privacy.core.people import UnknownUser, find_user
from privacy.disposal.holds.queries import declared_categories
from privacy.disposal.holds.rules import ground_words, hold_rules


class _Unechoed(forms.TextInput):
    """A box that never shows again what was typed into it."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever the value."""


def _day(label: Any, help_text: Any) -> forms.DateField:
    return forms.DateField(
        label=label, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class ReviewForm(forms.Form):
    """The two dates of a hold, counted from the begin of the day in the site's zone."""

    review_at = _day(_("To be reviewed by"), _("Somebody must look again by this day, or the promise is broken."))
    ends_at = _day(
        _("Ends"), _("How long the ground is expected to last. After this day the hold alarms, and still holds.")
    )

    def moment(self, name: str) -> datetime:
        """A day of the form as a moment."""
        day: date = self.cleaned_data[name]
        return datetime.combine(day, time(), settings.calendar.zone)

    def refuse(self, field: str, words: str) -> None:
        """Show a service's refusal beside the box it is about."""
        names = {"user": "person"}
        name = names.get(field, field)
        self.add_error(name if name in self.fields else None, words)


class PlaceHoldForm(ReviewForm):
    """Whose data, or which, is held, on what ground, and until when."""

    person = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=255,
        widget=_Unechoed(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_(
            "What the person signs in with, or pk: and the account's key. Empty: categories of everybody are held."
        ),
    )
    categories = forms.MultipleChoiceField(
        label=_("Categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked holds all data of the person."),
    )
    case = forms.CharField(
        label=_("Case"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("A file number such as 2026/K-17, never a name. Holds of one case can be released together."),
    )
    ground = forms.ChoiceField(label=_("Ground"), help_text=_("The reasons that the policy names."))

    field_order = ("person", "categories", "case", "ground", "review_at", "ends_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["categories"].choices = declared_categories()  # type: ignore[attr-defined]
        self.fields["ground"].choices = [(word, ground_words(word)) for word in hold_rules().grounds]  # type: ignore[attr-defined]

    def clean_person(self) -> Any | None:
        word: str = self.cleaned_data["person"].strip()
        if not word:
            return None
        try:
            return find_user(word)
        except UnknownUser as unknown:
            raise forms.ValidationError(_("No single account answers to this."), code="unknown") from unknown
