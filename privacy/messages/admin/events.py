"""What providers reported, and what members chose: lists to read, without names."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from privacy.messages.admin.reading import ReadingAdmin, moment
from privacy.messages.models import MailEvent, Preference


@admin.register(MailEvent)
class MailEventAdmin(ReadingAdmin[MailEvent]):
    """Bounces, complaints, and what a mailing lets be counted."""

    list_display = ("kind", "message", "tracked", "when")
    list_filter = ("kind",)
    list_display_links = None

    @admin.display(description=gettext_lazy("when"), ordering="at")
    def when(self, row: MailEvent) -> str:
        return moment(row.at)


@admin.register(Preference)
class PreferenceAdmin(ReadingAdmin[Preference]):
    """How many want what; whose choice it is stands on the member's own page."""

    list_display = ("topic", "channel", "wanted", "frequency", "chosen")
    list_filter = ("topic", "channel", "wanted", "frequency")
    list_display_links = None

    @admin.display(description=gettext_lazy("chosen"), ordering="chosen_at")
    def chosen(self, row: Preference) -> str:
        return moment(row.chosen_at)
