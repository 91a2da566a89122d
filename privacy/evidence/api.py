"""The evidence for programs: what was done, whether it is proved, and, with the permission for it, by and to whom."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from privacy.core.api.fields import Counts, Moment
from privacy.core.api.filters import MomentFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OneEndpoint
from privacy.evidence import queries
from privacy.evidence.acts import title_of
from privacy.evidence.models import EvidenceEntry, Seal

VIEW, DETAILS = "privacy.view_evidenceentry", "privacy.view_evidence_details"


class EvidenceFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which entries."""

    act = django_filters.CharFilter(help_text="One act, by its name.")
    since = MomentFilter(field_name="at", lookup_expr="gte", help_text="At or after this moment.")
    until = MomentFilter(field_name="at", lookup_expr="lt", help_text="Before this moment.")

    class Meta:
        model = EvidenceEntry
        fields = ()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A night",
            value={
                "id": 4711,
                "at": "2026-03-16T02:34:12.345678Z",
                "act": "disposal.account_erased",
                "title": "Account erased",
                "label": "auth.User",
                "counts": {"rows": 12},
                "commitment": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "seal": 97,
                "details_left": True,
            },
        )
    ]
)
class EvidenceEntrySerializer(serializers.Serializer[Any]):
    """The half of an entry that is never changed. It names nobody."""

    id = serializers.IntegerField()
    at = Moment()
    act = serializers.CharField()
    title = serializers.SerializerMethodField(help_text="The act in words.")
    label = serializers.CharField(help_text="What kind of thing it was done to; never a single one.")  # type: ignore[assignment]
    counts = Counts()
    commitment = serializers.CharField(help_text="SHA-256 over salt, entry and details.")
    seal = serializers.IntegerField(
        source="leaf.seal_id", default=None, allow_null=True, help_text="The seal it is under; null while it waits."
    )
    details_left = serializers.BooleanField(help_text="Whether its erasable half is still there.")

    def get_title(self, entry: EvidenceEntry) -> str:
        return title_of(entry.act)


class EvidencePeopleSerializer(serializers.Serializer[Any]):
    """The half that is erased: who acted, about whom, and what else was written down."""

    actor_kind = serializers.CharField()
    actor_key = serializers.CharField(help_text="The account that acted; empty when it was no person.")
    actor_name = serializers.CharField(help_text="What acted when it was no person.")
    subject_key = serializers.CharField(help_text="The account it was about; empty when it was about nobody.")
    subject = serializers.CharField(help_text="That account's pseudonym.")
    details = serializers.DictField(child=serializers.JSONField())
    until = Moment(help_text="When the night removes this half.")


class EvidenceOneSerializer(EvidenceEntrySerializer):
    """An entry with its proof, and with its people for those who may see them."""

    intact = serializers.SerializerMethodField(
        help_text="Whether the details are those that were committed to; null once they are erased."
    )
    people = serializers.SerializerMethodField(
        help_text="Null without the permission `view_evidence_details`, and once it is erased."
    )

    def get_intact(self, entry: EvidenceEntry) -> bool | None:
        return queries.proof_holds(entry)

    @extend_schema_field(EvidencePeopleSerializer(allow_null=True))
    def get_people(self, entry: EvidenceEntry) -> Any:
        if not self.context["request"].user.has_perm(DETAILS):
            return None
        detail = queries.detail_of(entry)
        return EvidencePeopleSerializer(detail).data if detail else None


class SealSerializer(serializers.Serializer[Any]):
    """One signed root over the entries that no seal held before."""

    number = serializers.IntegerField()
    made_at = Moment()
    size = serializers.IntegerField(help_text="How many entries it holds.")
    root = serializers.CharField()  # type: ignore[assignment]
    previous = serializers.CharField(help_text="The hash of the seal before; empty for the first.")
    key = serializers.CharField(help_text="The id of the key that signed it; empty when there was none.")
    signature = serializers.CharField()


class Entries(ForStaff, ListEndpoint):
    """What was done, the latest first."""

    operation = "evidence"
    permission = VIEW
    model = EvidenceEntry
    serializer_class = EvidenceEntrySerializer
    filterset_class = EvidenceFilters
    ordering = ("-at", "-id")

    def rows(self, request: Request) -> QuerySet[EvidenceEntry]:
        return queries.entries().select_related("leaf")


class Entry(ForStaff, OneEndpoint):
    """One entry with its proof.

    Who acted and about whom is in `people`, for staff with the permission `view_evidence_details` alone.
    """

    operation = "evidence_entry"
    permission = VIEW
    model = EvidenceEntry
    serializer_class = EvidenceOneSerializer

    def rows(self, request: Request) -> QuerySet[EvidenceEntry]:
        return queries.entries().select_related("leaf")


class Seals(ForStaff, ListEndpoint):
    """When the evidence was sealed, the latest first."""

    operation = "evidence_seals"
    permission = "privacy.view_seal"
    model = Seal
    serializer_class = SealSerializer
    ordering = ("-number",)


urlpatterns = [
    path("", Entries.as_view(), name="evidence"),
    path("seals/", Seals.as_view(), name="evidence_seals"),
    path("<int:id>/", Entry.as_view(), name="evidence_entry"),
]
