"""``{% load privacy_consent %}``: whether data may be used, and whether somebody is still to be asked."""

from __future__ import annotations

from typing import Any

from django import template

from privacy.consent import asking

register = template.Library()


@register.filter
def may_process(subject: Any, purpose: str) -> bool:
    """``{% if request|may_process:"newsletter" %}``; one query a request, however many purposes are asked about."""
    return asking.may_process(subject, purpose)


@register.inclusion_tag("privacy/consent/questions.html", takes_context=True)
def consent_questions(context: dict[str, Any]) -> dict[str, Any]:
    """A block for the site's own pages: there are questions to answer. Empty when there are none. One query."""
    request = context.get("request")
    return {"open": asking.open_questions(request) if request is not None else 0}
