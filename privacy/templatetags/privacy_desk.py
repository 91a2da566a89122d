"""Brings the desk into ``admin/privacy/app_index.html``."""

from __future__ import annotations

from django import template
from django.template.context import Context

from privacy.desk.admin import desk
from privacy.desk.queries import Card

register = template.Library()


@register.simple_tag(takes_context=True)
def privacy_desk(context: Context) -> list[Card]:
    """``{% privacy_desk as cards %}``: the cards that the signed-in member of staff may see."""
    return desk(context["request"])
