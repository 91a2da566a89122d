"""How the co-op ended a membership before the app came, and how it takes an enquiry."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from privacy.consent.people import Person
from privacy.core.actors import Actor
from privacy.policies.acceptance.models import Event
from privacy.policies.acceptance.services import deem
from project.coop.forms import EnquiryForm
from project.coop.models import Enquiry, Member


@transaction.atomic
def close(*, members: QuerySet[Member], now: datetime) -> int:
    """Flag the accounts as closed; returns how many were not closed before. The night erases them later."""
    keys = list(members.exclude(status=Member.Status.CLOSED).values_list("pk", flat=True))
    get_user_model().objects.filter(member__in=keys).update(is_active=False)
    return Member.objects.filter(pk__in=keys).update(status=Member.Status.CLOSED, closed_at=now)


@transaction.atomic
def suspend(*, members: QuerySet[Member]) -> int:
    """Lock active members out for a while. A suspended account is not a closed one: its rows stay."""
    keys = list(members.filter(status=Member.Status.ACTIVE).values_list("pk", flat=True))
    get_user_model().objects.filter(member__in=keys).update(is_active=False)
    return Member.objects.filter(pk__in=keys).update(status=Member.Status.SUSPENDED)


@transaction.atomic
def enquire(*, form: EnquiryForm, language: str, now: datetime) -> Enquiry:
    """Keep what somebody sent from the contact form. Where the policy takes that for agreement, it is written down."""
    enquiry: Enquiry = form.save(commit=False)
    enquiry.received_at = now
    enquiry.save()
    deem(
        person=Person(address=enquiry.email),
        event=Event.CONTACT,
        surface="page",
        language=language,
        about=f"coop.Enquiry {enquiry.pk}",
        now=now,
        actor=Actor.system("contact form"),
    )
    return enquiry
