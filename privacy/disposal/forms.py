"""What staff type to close an account: whose it is, how they know, and that they mean it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.core.people import UnknownUser, find_user
from privacy.disposal.rules import ClosureRules


class FindAccount(forms.Form):
    """Whose account."""

    account = forms.CharField(
        label=_("Account"),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("What the member signs in with, or pk: and the primary key, such as pk:27."),
        error_messages={"required": _("Say whose account it is.")},
    )
    user: Any = None

    def clean_account(self) -> str:
        word: str = self.cleaned_data["account"].strip()
        try:
            self.user = find_user(word)
        except UnknownUser:
            raise forms.ValidationError(
                _("No account answers to this. Look at the spelling, or give pk: and the primary key."), code="unknown"
            ) from None
        return word


class CloseAccount(FindAccount):
    """How the identity was confirmed, and that it cannot be undone."""

    verified_by = forms.ChoiceField(
        label=_("How do you know that the request comes from this person?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how the identity was confirmed.")},
    )
    understood = forms.BooleanField(
        label=_("I have looked at what goes and what stays, and close this account for good."),
        error_messages={"required": _("Tick this box to go on.")},
    )

    def __init__(self, *args: Any, rules: ClosureRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            ("document", _("By a document they showed or sent")),
            ("staff", _("Staff asked back by a contact that was known before")),
        ]
        if rules.identity != "must":
            choices.append(("none", _("It was not confirmed")))
        field = self.fields["verified_by"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        self.fields["account"].widget = forms.HiddenInput()

    @property
    def confirmed_by(self) -> str:
        """As a mandate calls it."""
        word = str(self.cleaned_data["verified_by"])
        return "" if word == "none" else word
