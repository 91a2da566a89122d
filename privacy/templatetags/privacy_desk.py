"""Brings the desk into ``admin/privacy/app_index.html``, and the watchdog's banner onto every screen of ours."""

from __future__ import annotations

from django import template
from django.template.context import Context

from privacy.desk.admin import desk
from privacy.desk.queries import Card
from privacy.retention.admin.nights import last_night
from privacy.retention.watchdog import Standing

register = template.Library()


@register.simple_tag(takes_context=True)
def privacy_desk(context: Context) -> list[Card]:
    """``{% privacy_desk as cards %}``: the cards that the signed-in member of staff may see."""
    return desk(context["request"])


@register.simple_tag
def privacy_watchdog() -> Standing:
    """``{% privacy_watchdog as pv_night %}``: how old the last night is, the same for every member of staff."""
    return last_night()
