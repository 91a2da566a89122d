"""What members accepted before today: by signing up, writing, buying and going on, as the site's policy counts it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.models import Event
from privacy.policies.acceptance.services import accept_by_use, deem
from privacy.policies.rules import policy_rules
from project.coop.models import Campaign, Enquiry
from project.demo.publishing import FIRST

#: Members who have signed in since the newest text.
CAME_BACK = 20


def acceptances(now: datetime) -> int:
    """Write down what happened since the first text; who was there before is asked. Returns how many there are."""
    return _signups(now) + _letters(now) + _purchases(now) + _returns(now)


def _signups(now: datetime) -> int:
    users = get_user_model()._default_manager.filter(date_joined__gt=now - FIRST, is_staff=False)
    made = (
        deem(
            person=Person.of_user(user), event=Event.SIGNUP, surface="page", language="en", now=user.date_joined,
            actor=Actor.member(user),
        )
        for user in users
    )  # fmt: skip
    return sum(one is not None for one in made)


def _letters(now: datetime) -> int:
    made = (
        deem(
            person=Person(address=enquiry.email), event=Event.CONTACT, surface="page", language="en",
            about=f"coop.Enquiry {enquiry.pk}", now=enquiry.received_at, actor=Actor.system("contact form"),
        )
        for enquiry in Enquiry.objects.filter(received_at__gt=now - FIRST)
    )  # fmt: skip
    return sum(one is not None for one in made)


def _purchases(now: datetime) -> int:
    """Who starts a campaign buys something (CPT-4-3)."""
    campaigns = Campaign.objects.filter(started_at__gt=now - FIRST).select_related("site__member__user")
    made = (
        deem(
            person=Person.of_user(campaign.site.member.user), event=Event.PURCHASE, surface="page", language="en",
            about=f"coop.Campaign {campaign.pk}", now=campaign.started_at,
            actor=Actor.member(campaign.site.member.user),
        )
        for campaign in campaigns
    )  # fmt: skip
    return sum(one is not None for one in made)


def _returns(now: datetime) -> int:
    """Some have come back today; where going on is agreement, that was one."""
    users, rules = get_user_model()._default_manager, policy_rules()
    today, written = now - timedelta(hours=1), 0
    for user in users.filter(is_active=True, is_staff=False).order_by("pk")[:CAME_BACK]:
        user.last_login = today
        user.save(update_fields=["last_login"])
        if rules.acceptance.continued_use:
            row = accept_by_use(user_key=str(user.pk), rules=rules, language="en", now=today, actor=Actor.member(user))
            written += row is not None
    return written
