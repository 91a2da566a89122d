"""The co-op's own desk: a few lists, and the closing that it had before the app came."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from project.coop import models, services


@admin.register(models.Member)
class MemberAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "status", "joined_at", "closed_at")
    list_filter = ("status",)
    date_hierarchy = "joined_at"
    raw_id_fields = ("user",)
    actions = ("close_the_old_way", "suspend")

    @admin.action(description="Close the co-op's old way: flag the account, keep its rows")
    def close_the_old_way(self, request: HttpRequest, queryset: QuerySet[models.Member]) -> None:
        services.close(members=queryset, now=timezone.now())

    @admin.action(description="Suspend")
    def suspend(self, request: HttpRequest, queryset: QuerySet[models.Member]) -> None:
        services.suspend(members=queryset)


@admin.register(models.Campaign)
class CampaignAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "headline", "credits", "started_at")
    raw_id_fields = ("site",)


@admin.register(models.Ticket)
class TicketAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("__str__", "opened_at", "closed_at")
    raw_id_fields = ("member",)


@admin.register(models.PreferenceTag)
class PreferenceTagAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name",)
