"""``{% load privacy_policies %}``: the link to the policy for every page, and a banner that tells of a new version."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from privacy.core.people import joined_at
from privacy.policies import linking
from privacy.policies.binding import untold_by_banner

register = template.Library()


@register.inclusion_tag("privacy/policies/link.html")
def privacy_link(classes: str = "") -> dict[str, Any]:
    """``{% privacy_link %}`` or ``{% privacy_link "small" %}``: in the page's language, with the promised word.

    One query a page.
    """
    return {"link": linking.policy_link(), "classes": classes}


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
