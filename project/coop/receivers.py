"""What a member changes is found by its new words at once."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from project.coop import search
from project.coop.models import Campaign, Member, Site


@receiver(post_save, sender=Member)
@receiver(post_save, sender=Site)
@receiver(post_save, sender=Campaign)
def index_changed(instance: Member | Site | Campaign, **kwargs: Any) -> None:
    site = instance.site if isinstance(instance, Campaign) else instance
    member = site.member if isinstance(site, Site) else site
    transaction.on_commit(lambda: search.index([member.user_id]))
