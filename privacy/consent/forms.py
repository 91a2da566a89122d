"""What a member may send from the page of their consents, and what staff may enter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.consent.models import Choice, Flag, Purpose, Wording
from privacy.consent.people import Person
from privacy.core.people import UnknownUser, find_user
from privacy.core.periods import InvalidPeriod, Period
from privacy.core.words import name_words
from privacy.datamap.faults import LEGAL_BASES


class AnswerForm(forms.Form):
    """Yes or no to the words that the page showed: they are named by their digest, so that no others are meant."""

    wording = forms.ModelChoiceField(Wording.objects.all())
    choice = forms.ChoiceField(choices=Choice.choices)


class ObjectionForm(forms.Form):
    """Against which use; empty is every use."""

    purpose = forms.ModelChoiceField(Purpose.objects.in_force(), required=False)

    @property
    def code(self) -> str:
        """The purpose's code, or empty."""
        found = self.cleaned_data["purpose"]
        return found.pk if found else ""


def member_grounds() -> list[tuple[str, Any]]:
    """The grounds of a restriction, as the person says them; staff read them about somebody."""
    said = {Flag.Ground.CLAIMS.value: _("I need the data for a claim")}
    return [(value, said.get(value, label)) for value, label in Flag.Ground.choices if value]


class RestrictionForm(ObjectionForm):
    """Why the data shall be left alone."""

    ground = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = member_grounds()  # type: ignore[attr-defined]


class _Unechoed(forms.TextInput):
    """A box that never shows again what was typed into it."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever the value."""


class PersonForm(forms.Form):
    """Whom it is about: a member, or the address of somebody without an account."""

    person = forms.CharField(
        label=_("Member"),
        required=False,
        max_length=255,
        widget=_Unechoed(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("What the person signs in with, or pk: and the account's key."),
    )
    address = forms.EmailField(
        label=_("Or the address of somebody without an account"),
        required=False,
        widget=_Unechoed(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Only a keyed digest of it is stored."),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        word, address = str(said.get("person", "")).strip(), str(said.get("address", "")).strip()
        if bool(word) == bool(address):
            raise forms.ValidationError(_("Give a member or an address, and just one of the two."), code="one")
        if address:
            said["who"] = Person(address=address)
            return said
        try:
            said["who"] = Person.of_user(find_user(word))
        except UnknownUser as unknown:
            raise forms.ValidationError(_("No single account answers to this."), code="unknown") from unknown
        return said


class EnterForm(PersonForm):
    """What somebody wrote or said to the site, as staff enter it."""

    ACTS = (
        ("given", _("agrees")),
        ("refused", _("says no")),
        ("withdrawn", _("takes a consent back")),
        ("objection", _("objects")),
        ("restriction", _("wants the data left alone")),
    )
    SURFACES = (
        ("mail", _("by mail")),
        ("paper", _("on paper")),
        ("phone", _("by telephone")),
        ("counter", _("in person")),
    )

    act = forms.ChoiceField(label=_("The person"), choices=ACTS)
    purpose = forms.ModelChoiceField(
        Purpose.objects.in_force(),
        label=_("Purpose"),
        required=False,
        empty_label=_("every purpose (objection or restriction only)"),
    )
    wording = forms.ModelChoiceField(
        Wording.objects.newest_first(),
        label=_("Words that the person answered"),
        required=False,
        help_text=_("Needed with a yes or a no: a consent is tied to the exact words."),
    )
    ground = forms.ChoiceField(label=_("Why the data shall be left alone"), choices=Flag.Ground.choices, required=False)
    surface = forms.ChoiceField(label=_("How it reached us"), choices=SURFACES)

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        act = said.get("act")
        if act in ("given", "refused", "withdrawn") and not said.get("purpose"):
            self.add_error("purpose", _("Say about which purpose."))
        if act in ("given", "refused") and not said.get("wording"):
            self.add_error("wording", _("Say which words were answered."))
        return said


class WordingForm(forms.Form):
    """New words for a purpose."""

    version = forms.CharField(label=_("Version"), max_length=50, help_text=_("The same in every language."))
    language = forms.CharField(label=_("Language"), max_length=35, help_text=_("A tag such as en or de-AT."))
    text = forms.CharField(
        label=_("Text"), strip=False, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("Served exactly so.")
    )


class AnnounceForm(forms.Form):
    """Where people were told of a purpose."""

    where = forms.CharField(label=_("Where people were told"), max_length=200)


class PurposeForm(forms.Form):
    """A purpose that the profile does not name."""

    code = forms.CharField(
        label=_("Code"), max_length=50, help_text=_("What the site's code asks by, in small letters.")
    )
    title = forms.CharField(label=_("Title"), max_length=200, help_text=_("What people read."))
    legal_basis = forms.ChoiceField(
        label=_("Legal basis"), choices=[(basis, name_words(basis)) for basis in LEGAL_BASES]
    )
    category = forms.CharField(label=_("Category of data"), max_length=100)
    period = forms.CharField(
        label=_("A yes lasts"), max_length=20, required=False, help_text=_("Needed with consent, such as P2Y.")
    )
    express = forms.BooleanField(label=_("Only an act that can be shown gives it"), required=False, initial=True)
    marketing = forms.BooleanField(label=_("Direct marketing"), required=False)

    def clean_period(self) -> Period:
        text: str = self.cleaned_data["period"].strip()
        try:
            return Period.parse(text) if text else Period()
        except InvalidPeriod as wrong:
            raise forms.ValidationError(f"{wrong.problem}. {wrong.mend}.", code="period") from wrong


class RulingForm(forms.Form):
    """What the person is told of a decision."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person reads it. A rejection and a lifting need one."),
    )
