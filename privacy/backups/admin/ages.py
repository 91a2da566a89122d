"""How much of its time a backup has used."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.translation import ngettext


def age_meter(taken_at: datetime, end: datetime, now: datetime) -> str:
    """A meter from the taking to the end, with the age in days beside it."""
    lived, whole = (now - taken_at).total_seconds(), (end - taken_at).total_seconds()
    days = max(0, (now - taken_at).days)
    note = ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    # Seconds mean nothing to a screen reader; a share of the period does.
    share = round(max(0.0, lived / whole), 4)
    return render_to_string("privacy/backups/age.html", {"share": share, "note": note})
