"""``{% load privacy_policies %}``: a member is told of a version until they put the banner away."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from privacy.core.people import joined_at
from privacy.policies.binding import untold_by_banner

register = template.Library()


@register.inclusion_tag("privacy/policies/banner.html", takes_context=True)
def policy_banner(context: dict[str, Any]) -> dict[str, Any]:
    """A block for the site's own pages: a document of the site changes. Three queries for a signed-in member.

    Empty for everybody else, and where nothing changed.
    """
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return {"told": []}
    told = untold_by_banner(user_key=str(user.pk), joined_at=joined_at(user), now=timezone.now())
    return {"told": told, "request": request, "csrf_token": context.get("csrf_token"), "here": request.get_full_path()}
