"""What people send from the question, what a site puts into its own forms, and what staff enter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from privacy.consent.forms import PersonForm
from privacy.consent.people import Network, Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.models import Acceptance, Event
from privacy.policies.acceptance.services import accept
from privacy.policies.acceptance.timeline import covered, timeline
from privacy.policies.models import PolicyVersion
from privacy.policies.rules import policy_rules


class AnswerForm(forms.Form):
    """Yes to the versions that the page showed: they are named, so that no others are meant."""

    versions = forms.CharField(max_length=2000)

    def clean_versions(self) -> list[str]:
        return [key for key in str(self.cleaned_data["versions"]).split(",") if key]


class AgreementMixin(forms.Form):
    """A box that has to be ticked before a form is taken, with links to what it is about: for a site's own sign-up.

    Put it in front of ``forms.Form`` or ``forms.ModelForm``, give ``now``, and call ``agree`` when the form is valid
    and the account is made. Where nothing is published there is no box, and ``agree`` gives None.

    Attributes:
        agreement_event: the act that it belongs to.
    """

    agreement_event = Event.SIGNUP

    policies_accepted = forms.BooleanField(required=True)
    policies_shown = forms.CharField(widget=forms.HiddenInput, required=True)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = _to_agree_to(now)
        if not versions:
            del self.fields["policies_accepted"], self.fields["policies_shown"]
            return
        # Bound or not, the words and the keys belong together: others by now are shown anew.
        self._keys = [version.pk for version in versions]
        box = self.fields["policies_accepted"]
        box.label, box.label_suffix = lazy(_agree_to, SafeString)(versions), ""
        self.initial["policies_shown"] = ",".join(self._keys)

    def clean_policies_shown(self) -> list[str]:
        shown = [key for key in str(self.cleaned_data["policies_shown"]).split(",") if key]
        if sorted(shown) != sorted(self._keys):
            # The form comes back with the new words, and with an empty box.
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data[self.add_prefix("policies_shown")] = ",".join(self._keys)
            data.pop(self.add_prefix("policies_accepted"), None)
            self.data = data
            raise forms.ValidationError(
                _("The documents have changed meanwhile. Please read them and agree again."), code="changed"
            )
        return shown

    def agree(
        self,
        *,
        user: Any,
        surface: str = "page",
        about: str = "",
        network: Network | None = None,
        now: datetime,
        actor: Actor | None = None,
    ) -> Acceptance | None:
        """Write down that this user agreed; the form is valid. The arguments are those of ``accept``.

        Raises:
            VersionsChanged: other versions bind by now.
        """
        if "policies_accepted" not in self.fields:
            return None
        return accept(
            person=Person.of_user(user),
            versions=self.cleaned_data["policies_shown"],
            event=self.agreement_event,
            surface=surface,
            language=get_language() or "",
            about=about,
            network=network,
            now=now,
            actor=actor or Actor.member(user),
        )


class OnBehalfForm(PersonForm):
    """What staff enter for somebody who agreed elsewhere."""

    SURFACES = (
        ("paper", gettext_lazy("on paper")),
        ("mail", gettext_lazy("by mail")),
        ("phone", gettext_lazy("by telephone")),
        ("counter", gettext_lazy("in person")),
    )

    surface = forms.ChoiceField(label=gettext_lazy("How it reached us"), choices=SURFACES)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("How the person agreed, and where that can be looked up. It is erased with the person."),
    )


def _to_agree_to(now: datetime) -> list[PolicyVersion]:
    """What binds somebody who signs up now."""
    rules = policy_rules()
    new = timeline(Person(address="nobody@invalid"), covered(rules), now=now)
    found = new.binding()
    if not any(document in found for document in rules.acceptance.documents):
        return []
    return [found[document] for document in covered(rules) if document in found]


def _agree_to(versions: list[PolicyVersion]) -> SafeString:
    links = (
        (reverse("privacy:policy_version", args=[one.document_id, one.language, one.number]), one.language, one.title)
        for one in versions
    )
    named = format_html_join(", ", '<a href="{}" hreflang="{}" target="_blank" rel="noopener">{}</a>', links)
    return format_html(_("I have read and accept: {}"), named)
