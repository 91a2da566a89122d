"""The member confirms that the account is theirs, and that they mean it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.disposal.mandate import VerifiedBy

#: How long after a sign-in the session itself still confirms a member who has no password here.
RECENT = timedelta(minutes=10)
#: Where a sign-in leaves its moment in the session.
SIGNED_IN_AT = "privacy_signed_in_at"


def signed_in_recently(request: HttpRequest, now: datetime) -> bool:
    """Whether this very session began within the last ten minutes; sessions older than the app never did."""
    began = request.session.get(SIGNED_IN_AT)
    return isinstance(began, int | float) and timedelta() <= now - datetime.fromtimestamp(began, now.tzinfo) <= RECENT


class ConfirmClosure(forms.Form):
    """Password and consent to what cannot be undone.

    Members without a password here (single sign-on) confirm by having signed in within ten minutes.
    """

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Enter your password, so that nobody else can close your account.")},
    )
    understood = forms.BooleanField(
        label=_("I understand that my account is closed for good."),
        error_messages={"required": _("Tick this box to go on.")},
    )

    def __init__(self, *args: Any, request: HttpRequest, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.has_password = bool(request.user.has_usable_password())  # type: ignore[union-attr]
        self.recent = signed_in_recently(request, now)
        if not self.has_password:
            del self.fields["password"]
        for name, field in self.fields.items():
            described = [f"{self[name].id_for_label}-error"] if name in self.errors else []
            if name == "password":
                described.append(f"{self[name].id_for_label}-help")
            if described:
                field.widget.attrs["aria-describedby"] = " ".join(described)
            if name in self.errors:
                field.widget.attrs["aria-invalid"] = "true"

    @property
    def verified_by(self) -> VerifiedBy:
        return "password" if self.has_password else "session"

    @property
    def can_confirm(self) -> bool:
        """False when the member has to sign in again first."""
        return self.has_password or self.recent

    def clean_password(self) -> str:
        """Ask the site's own backends, so that its lock-out after wrong passwords counts these as well."""
        password: str = self.cleaned_data["password"]
        user: Any = self.request.user
        credentials = {user.USERNAME_FIELD: user.get_username(), "password": password}
        confirmed = authenticate(self.request, **credentials)
        if confirmed is None or confirmed.pk != user.pk:
            raise forms.ValidationError(_("This is not your password. Nothing was closed."), code="wrong_password")
        return password

    def clean(self) -> dict[str, Any] | None:
        if not self.can_confirm:
            raise forms.ValidationError(_("Sign in again first. Nothing was closed."), code="not_recent")
        return super().clean()
