"""Backups and copies elsewhere for programs: what lies where, and when it must be gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.backups import queries, services
from privacy.backups.models import Backup, RegisteredCopy
from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, word
from privacy.core.api.filters import MomentFilter, YesNoFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OfRows, OneEndpoint

VIEW, VIEW_COPY, CONFIRM = "privacy.view_backup", "privacy.view_registeredcopy", "privacy.confirm_destruction"


class BackupFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which files."""

    status = django_filters.ChoiceFilter(choices=Backup.Status.choices)
    kind = django_filters.ChoiceFilter(choices=Backup.Kind.choices)
    storage = django_filters.CharFilter(help_text="One storage, by its alias.")
    taken_until = MomentFilter(field_name="taken_at", lookup_expr="lte", help_text="Taken at or before this moment.")

    class Meta:
        model = Backup
        fields = ()


class CopyFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which copies."""

    kind = django_filters.ChoiceFilter(choices=RegisteredCopy.Kind.choices)
    held = YesNoFilter(
        field_name="destroyed_at", lookup_expr="isnull", help_text="Whether nobody confirmed that it is destroyed."
    )

    class Meta:
        model = RegisteredCopy
        fields = ()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A dump",
            value={
                "id": 12,
                "storage": "dbbackup",
                "name": "default-coop-2026-03-16-043000.dump.gz.gpg",
                "kind": "database",
                "status": "present",
                "source": "signal",
                "taken_at": "2026-03-16T03:30:00Z",
                "ends_at": "2026-04-16T02:30:00Z",
                "size": 52428800,
                "encrypted": True,
                "compressed": True,
                "region": "EU",
                "last_seen_at": "2026-03-17T02:31:00Z",
                "destroyed_at": None,
                "error": "",
            },
        )
    ]
)
class BackupSerializer(serializers.Serializer[Any]):
    """One file in a storage of backups."""

    id = serializers.IntegerField()
    storage = serializers.CharField(help_text="Its alias in STORAGES.")
    name = serializers.CharField()
    kind = word(Backup.Kind)
    status = word(Backup.Status)
    source = word(Backup.Source, help_text="What found it.")  # type: ignore[assignment]
    taken_at = Moment()
    ends_at = serializers.SerializerMethodField(help_text="When it must be gone; null when nothing was promised.")
    size = serializers.IntegerField(allow_null=True, help_text="In bytes.")
    encrypted = serializers.BooleanField()
    compressed = serializers.BooleanField()
    region = serializers.CharField()
    last_seen_at = Moment()
    destroyed_at = Moment(allow_null=True, help_text="When the storage's own listing showed that it is gone.")
    error = serializers.CharField(help_text="Why it is still there, when it could not be deleted.")

    @extend_schema_field(Moment(allow_null=True))
    def get_ends_at(self, backup: Backup) -> str | None:
        end: datetime | None = queries.ends_at(backup.taken_at, self.context["kept_for"])
        return Moment().to_representation(end) if end else None


class CopySerializer(serializers.Serializer[Any]):
    """A copy that lies elsewhere, or a standing rule by which such copies are made."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = word(RegisteredCopy.Kind)
    place = serializers.CharField()
    region = serializers.CharField()
    taken_at = Moment(allow_null=True, help_text="Null for a standing rule.")
    every = serializers.CharField(help_text="How often a standing rule makes a copy; empty for a single one.")
    kept_for = serializers.CharField(help_text="A period.")
    ends_at = Moment(allow_null=True, help_text="When it must be gone; null for a standing rule.")
    confirmed_by = serializers.CharField(help_text="The role that confirms its destruction.")
    registered_at = Moment()
    destroyed_at = Moment(allow_null=True, help_text="When its destruction was confirmed.")


class _WithPeriod:
    """Reads the promised period once a page."""

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "kept_for": queries.kept_for()}  # type: ignore[misc]


class Backups(_WithPeriod, ForStaff, ListEndpoint):
    """Every file that is or was in a storage of backups, the latest first."""

    operation = "backups"
    permission = VIEW
    model = Backup
    serializer_class = BackupSerializer
    filterset_class = BackupFilters
    ordering = ("-taken_at", "-id")


class OneBackup(_WithPeriod, ForStaff, OneEndpoint):
    """One file in a storage of backups."""

    operation = "backup"
    permission = VIEW
    model = Backup
    serializer_class = BackupSerializer


class Copies(ForStaff, ListEndpoint):
    """Copies that lie elsewhere, by name."""

    operation = "backups_copies"
    permission = VIEW_COPY
    model = RegisteredCopy
    serializer_class = CopySerializer
    filterset_class = CopyFilters
    ordering = ("name",)


class Confirm(ForStaff, OfRows):
    """A copy elsewhere and its end."""

    operation = "backups_copy_confirm"
    permission, to_change = VIEW_COPY, CONFIRM
    model = RegisteredCopy
    serializer_class = CopySerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Confirm that a copy was destroyed.

        You vouch for it, and it stands in the evidence. Under a standing rule it means all its copies.
        """
        copy = self.found(request)
        services.confirm_destroyed(name=copy.name, now=self.now, actor=Actor.staff(request.user))
        return self.answer(self.found(request))


urlpatterns = [
    path("", Backups.as_view(), name="backups"),
    path("copies/", Copies.as_view(), name="backups_copies"),
    path("copies/<int:id>/confirm/", Confirm.as_view(), name="backups_copy_confirm"),
    path("<int:id>/", OneBackup.as_view(), name="backup"),
]
