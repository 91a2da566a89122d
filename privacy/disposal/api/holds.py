"""Legal holds: what is held, why, and when somebody must look again."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from privacy.core.api.fields import Moment, word
from privacy.core.api.filters import YesNoFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OneEndpoint
from privacy.disposal.api.closures import SubjectField
from privacy.disposal.models import Hold

STATES = ("in_force", "review_due", "expired_hold", "released")


class HoldFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which holds."""

    scope = django_filters.ChoiceFilter(choices=Hold.Scope.choices)
    case = django_filters.CharFilter(help_text="The whole file number.")
    in_force = YesNoFilter(field_name="released_at", lookup_expr="isnull", help_text="Whether nobody released it.")

    class Meta:
        model = Hold
        fields = ()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A hold on one person",
            value={
                "id": "5c1e0a8e-2b8f-4a55-8b7e-6c7f1f0f9d21",
                "scope": "person",
                "categories": ["payments"],
                "case": "2026-17",
                "ground": "litigation",
                "state": "in_force",
                "placed_at": "2026-03-01T10:00:00Z",
                "review_at": "2026-09-01T00:00:00Z",
                "ends_at": "2027-03-01T00:00:00Z",
                "reviewed_at": None,
                "released_at": None,
                "subject": None,
            },
        )
    ]
)
class HoldSerializer(serializers.Serializer[Any]):
    """One legal hold."""

    id = serializers.UUIDField()
    scope = word(Hold.Scope)
    categories = serializers.ListField(child=serializers.CharField(), help_text="What is held; empty for all of it.")
    case = serializers.CharField(help_text="The file number that it shares with others; may be empty.")
    ground = serializers.CharField()
    state = serializers.SerializerMethodField(help_text="A hold past its end still holds until somebody releases it.")
    placed_at = Moment()
    review_at = Moment(help_text="When somebody must look again.")
    ends_at = Moment()
    reviewed_at = Moment(allow_null=True)
    released_at = Moment(allow_null=True)
    subject = SubjectField(
        source="subject_key",
        allow_null=True,
        help_text="The account's key; null for a category, once it is erased, and without `view_closure_subject`.",
    )

    @extend_schema_field({"type": "string", "enum": list(STATES)})
    def get_state(self, hold: Hold) -> str:
        return hold.state(self.context["view"].now)


class Holds(ForStaff, ListEndpoint):
    """Every legal hold, released ones too, the latest first."""

    operation = "holds"
    permission = "privacy.view_hold"
    model = Hold
    serializer_class = HoldSerializer
    filterset_class = HoldFilters
    ordering = ("-placed_at", "-id")


class OneHold(ForStaff, OneEndpoint):
    """One legal hold."""

    operation = "hold"
    permission = "privacy.view_hold"
    model = Hold
    serializer_class = HoldSerializer
