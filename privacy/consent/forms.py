"""What a member may send from the page of their consents."""

from __future__ import annotations

from typing import Any

from django import forms

from privacy.consent.models import Choice, Flag, Purpose, Wording


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


class RestrictionForm(ObjectionForm):
    """Why the data shall be left alone."""

    ground = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = [(v, label) for v, label in Flag.Ground.choices if v]  # type: ignore[attr-defined]
