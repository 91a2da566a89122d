"""Closures: what went, what stays and why, what is left."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from privacy.core.api.fields import Moment, word
from privacy.core.api.filters import MomentFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OneEndpoint
from privacy.disposal.models import Closure, StoreReceipt
from privacy.disposal.services import ClosureReport

VIEW, SEE_SUBJECT = "privacy.view_closure", "privacy.view_closure_subject"


class ClosureFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which closures."""

    status = django_filters.ChoiceFilter(choices=Closure.Status.choices)
    channel = django_filters.ChoiceFilter(choices=Closure.Channel.choices)
    reference = django_filters.CharFilter(
        field_name="pseudonym", help_text="The whole reference, as the member was told it."
    )
    since = MomentFilter(field_name="closed_at", lookup_expr="gte", help_text="Closed at or after this moment.")
    until = MomentFilter(field_name="closed_at", lookup_expr="lt", help_text="Closed before this moment.")

    class Meta:
        model = Closure
        fields = ()


class SubjectField(serializers.CharField):
    """An account's key, for staff who may see whose closure or hold it is."""

    def to_representation(self, value: Any) -> Any:
        return value if value and self.context["request"].user.has_perm(SEE_SUBJECT) else None


class ClosureSerializer(serializers.Serializer[Any]):
    """One account on its way out."""

    id = serializers.UUIDField()
    reference = serializers.CharField(source="pseudonym", help_text="A pseudonym, as the member was told it.")
    status = word(Closure.Status)
    channel = word(Closure.Channel, help_text="How it was closed.")
    closed_at = Moment()
    due_at = Moment(help_text="By when everything must be gone.")
    cut_off_at = Moment(allow_null=True, help_text="Since when nobody signs in with it.")
    erased_at = Moment(allow_null=True, help_text="When the database held nothing any more.")
    finished_at = Moment(allow_null=True)
    backups_until = Moment(
        allow_null=True,
        help_text="When no backup holds the person any more; the year 9999 means that no end is promised.",
    )
    attempts = serializers.IntegerField()
    subject = SubjectField(
        source="subject_key",
        allow_null=True,
        help_text="The account's key; null once it is erased, and without the permission `view_closure_subject`.",
    )


class StepSerializer(serializers.Serializer[Any]):
    """What was done to one model."""

    model = serializers.CharField()
    action = serializers.CharField()
    rows = serializers.IntegerField()
    files = serializers.IntegerField()


class KeptSerializer(serializers.Serializer[Any]):
    """Rows that stay."""

    model = serializers.CharField()
    rows = serializers.IntegerField()
    ground = serializers.CharField()
    until = Moment(allow_null=True, help_text="Until when at the latest.")
    review_at = Moment(allow_null=True, help_text="When somebody looks again, where a legal hold keeps them.")


class ReceiptSerializer(serializers.Serializer[Any]):
    """What one place outside the database answered."""

    store = serializers.CharField(source="title")
    answer = word(StoreReceipt.Answer)
    confirmed_at = Moment(allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A closure that is done",
            value={
                "id": "0b7e6d1a-97e3-4a7e-8f3d-0c9d3a2b1f10",
                "reference": "3f1c9a0e5d7b42688e10a7c4",
                "status": "done",
                "channel": "page",
                "closed_at": "2026-03-16T09:12:00Z",
                "due_at": "2026-03-16T09:12:00Z",
                "cut_off_at": "2026-03-16T09:12:00Z",
                "erased_at": "2026-03-16T09:12:00Z",
                "finished_at": "2026-03-16T09:12:01Z",
                "backups_until": "2026-04-16T08:12:00Z",
                "attempts": 1,
                "subject": None,
                "steps": [{"model": "coop.Member", "action": "delete", "rows": 1, "files": 1}],
                "kept": [
                    {
                        "model": "coop.Payment",
                        "rows": 4,
                        "ground": "tax law, 10 years",
                        "until": "2036-01-01T00:00:00Z",
                        "review_at": None,
                    }
                ],
                "left": [],
                "stores": [{"store": "Search index", "answer": "confirmed", "confirmed_at": "2026-03-16T09:12:01Z"}],
            },
        )
    ]
)
class ClosureOneSerializer(ClosureSerializer):
    """One closure with its report."""

    steps = serializers.SerializerMethodField()
    kept = serializers.SerializerMethodField()
    left = serializers.SerializerMethodField(help_text="What is still there, and why.")
    stores = serializers.SerializerMethodField(help_text="What each place outside the database answered.")

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, closure: Closure) -> Any:
        return StepSerializer(self._report(closure).steps, many=True).data

    @extend_schema_field(KeptSerializer(many=True))
    def get_kept(self, closure: Closure) -> Any:
        return KeptSerializer(self._report(closure).kept, many=True).data

    def get_left(self, closure: Closure) -> list[str]:
        return list(self._report(closure).errors)

    @extend_schema_field(ReceiptSerializer(many=True))
    def get_stores(self, closure: Closure) -> Any:
        return ReceiptSerializer(self._report(closure).stores, many=True).data

    def _report(self, closure: Closure) -> ClosureReport:
        """One report for the one closure that this is about."""
        if not hasattr(self, "_made"):
            self._made = ClosureReport.of(closure)
        return self._made


class Closures(ForStaff, ListEndpoint):
    """Every account that was closed, the latest first."""

    operation = "closures"
    permission = VIEW
    model = Closure
    serializer_class = ClosureSerializer
    filterset_class = ClosureFilters
    ordering = ("-closed_at", "-id")


class OneClosure(ForStaff, OneEndpoint):
    """One closure: what went, what stays and why, what is left."""

    operation = "closure"
    permission = VIEW
    model = Closure
    serializer_class = ClosureOneSerializer
