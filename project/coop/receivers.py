"""What a member changes is found by its new words at once; and who is a customer, as messages ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from privacy.core.registries import providers
from project.coop import search
from project.coop.models import Campaign, Member, Site


def customers(user_keys: Sequence[str]) -> set[str]:
    """Of these members those who have a campaign: they bought something (HMY-15-2). One query."""
    asked = [int(key) for key in user_keys]
    keys = Campaign.objects.filter(site__member__user__in=asked).values_list("site__member__user", flat=True)
    return {str(key) for key in keys}


providers.add("messages.customers", customers)


@receiver(post_save, sender=Member)
@receiver(post_save, sender=Site)
@receiver(post_save, sender=Campaign)
def index_changed(instance: Member | Site | Campaign, **kwargs: Any) -> None:
    site = instance.site if isinstance(instance, Campaign) else instance
    member = site.member if isinstance(site, Site) else site
    transaction.on_commit(lambda: search.index([member.user_id]))
