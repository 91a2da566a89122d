"""What people may choose and staff may type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.core.conf import settings
from privacy.messages.audiences import audiences
from privacy.messages.classes import Basis, Channel, Frequency, Level
from privacy.messages.preferences import Choice, Standing
from privacy.messages.rules import MessageRules


class PreferencesForm(forms.Form):
    """A box for each promotional topic and channel, and how often."""

    def __init__(self, *args: Any, standings: Sequence[Standing], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standings = standings
        for standing in standings:
            if not standing.granted:
                continue
            for channel, wanted in standing.channels.items():
                self.fields[f"{standing.topic.code}-{channel}"] = forms.BooleanField(
                    label=Channel(channel).label, required=False, initial=wanted
                )
            self.fields[f"{standing.topic.code}-often"] = forms.ChoiceField(
                label=_("How often"), choices=Frequency.choices, initial=standing.frequency, required=False
            )

    def rows(self) -> list[dict[str, Any]]:
        """For the template: the topic, its boxes and its frequency."""
        return [
            {
                "topic": standing.topic,
                "stopped": standing.stopped,
                "asks_consent": standing.topic.basis == Basis.OPT_IN,
                "granted": standing.granted,
                "boxes": [self[f"{standing.topic.code}-{channel}"] for channel in standing.channels]
                if standing.granted
                else [],
                "often": self[f"{standing.topic.code}-often"] if standing.granted else None,
            }
            for standing in self.standings
        ]

    def choices(self) -> list[Choice]:
        """What was chosen."""
        return [
            Choice(
                standing.topic.code,
                channel,
                bool(self.cleaned_data.get(f"{standing.topic.code}-{channel}")),
                self.cleaned_data.get(f"{standing.topic.code}-often") or standing.frequency,
            )
            for standing in self.standings
            if standing.granted
            for channel in standing.channels
        ]


class LeaveForm(forms.Form):
    """How much the reader of a mail wants to stop."""

    level = forms.ChoiceField(widget=forms.RadioSelect)

    def __init__(self, *args: Any, offered: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = offered  # type: ignore[attr-defined]


class _Unechoed(forms.TextInput):
    """A box that never shows again what was typed into it."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever the value."""


class OptOutForm(forms.Form):
    """An opt-out that came by plain mail, by telephone or by post."""

    channel = forms.ChoiceField(label=_("What it is about"), choices=Channel.choices)
    address = forms.CharField(
        label=_("Address or number"),
        max_length=254,
        widget=_Unechoed(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Only a digest is kept, so that the same address is known again; it cannot be read back."),
    )
    level = forms.ChoiceField(label=_("What it stops"), choices=[one for one in Level.choices if one[0] != Level.TOPIC])
    received_on = forms.DateField(
        label=_("Came in on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The limit for honouring it runs from this day."),
    )

    def received_at(self) -> datetime:
        """The begin of that day in the site's zone."""
        day: date = self.cleaned_data["received_on"]
        return datetime.combine(day, time(), settings.calendar.zone)

    def refuse(self, field: str, words: str) -> None:
        """Show a service's refusal beside the box it is about."""
        name = {"requested_at": "received_on"}.get(field, field)
        self.add_error(name if name in self.fields else None, words)


class MailingForm(forms.Form):
    """A mailing as staff write it."""

    code = forms.SlugField(
        label=_("Code"),
        max_length=60,
        help_text=_("A word of your own, such as news-2026-03. Nobody gets two mailings of one code."),
        error_messages={"invalid": _("Use letters, digits, hyphens and underscores, and no space.")},
    )
    topic = forms.ChoiceField(label=_("Topic"), help_text=_("It says who may get the mailing, and in which form."))
    audience = forms.ChoiceField(label=_("Audience"))
    sender = forms.CharField(label=_("Sender"), max_length=254, help_text=_("As the recipient reads it."))
    language = forms.CharField(label=_("Language"), max_length=12, help_text=_("Of the text: en, de, …"))
    subject = forms.CharField(
        label=_("Subject"), max_length=200, help_text=_("It says what is in the mail, and promises nothing else.")
    )
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_(
            "Plain text; an empty line begins a paragraph. Label, address and way out are put on by themselves."
        ),
    )
    per_minute = forms.IntegerField(
        label=_("At most so many a minute"),
        min_value=1,
        required=False,
        help_text=_("Empty: as many as the site sends in all."),
    )
    tracking = forms.BooleanField(
        label=_("Count openings and clicks"),
        required=False,
        help_text=_("Only what a mail provider reports. Off unless there is a reason."),
    )

    def __init__(self, *args: Any, rules: MessageRules, written: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = [topic for topic in rules.topics.values() if topic.exempt is None]
        topics.sort(key=lambda topic: not topic.promotional)
        self.fields["topic"].choices = [(topic.code, f"{topic.title} ({topic.kind.label})") for topic in topics]  # type: ignore[attr-defined]
        self.fields["audience"].choices = [(one.name, one.title) for one in audiences if one.offered]  # type: ignore[attr-defined]
        if written:
            del self.fields["code"]

    def refuse(self, field: str, words: str) -> None:
        """Show a service's refusal beside the box it is about."""
        self.add_error(field if field in self.fields else None, words)


class MailTestForm(forms.Form):
    """Where a test goes."""

    address = forms.EmailField(label=_("Send a test to"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
