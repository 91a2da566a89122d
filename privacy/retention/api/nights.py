"""Nights with their steps: what ran, what it did, and what failed."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Counts, Moment, word
from privacy.core.api.filters import MomentFilter, YesNoFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OneEndpoint
from privacy.retention import services
from privacy.retention.models import NightRun, NightStepRun

VIEW, RUN = "privacy.view_nightrun", "privacy.run_night"


class NightFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which nights."""

    status = django_filters.ChoiceFilter(choices=NightRun.Status.choices)
    dry_run = YesNoFilter()
    since = MomentFilter(field_name="as_of", lookup_expr="gte", help_text="Nights of this moment and after.")
    until = MomentFilter(field_name="as_of", lookup_expr="lt", help_text="Nights before this moment.")

    class Meta:
        model = NightRun
        fields = ()


class NightSerializer(serializers.Serializer[Any]):
    """One night."""

    id = serializers.UUIDField()
    status = word(NightRun.Status)
    as_of = Moment(help_text="The moment it stands for.")
    horizon = Moment(help_text="How far it looked ahead.")
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)
    heartbeat = Moment(allow_null=True, help_text="The last sign of life.")
    pause_asked_at = Moment(allow_null=True, help_text="Since when somebody wants it to stand still.")
    dry_run = serializers.BooleanField()
    only = serializers.CharField(help_text="The single step it was asked for; empty for a whole night.")
    missed = serializers.IntegerField(help_text="How many nights were missed before it.")
    asked_by = serializers.CharField(help_text="What kind of actor set it off, never who.")
    note = serializers.CharField()


class NightStepSerializer(serializers.Serializer[Any]):
    """One step of one night."""

    name = serializers.CharField()
    title = serializers.CharField(help_text="What it does.")
    status = word(NightStepRun.Status)
    destroys = serializers.BooleanField()
    counts = Counts()
    error = serializers.CharField(help_text="Why it failed; it names no person.")
    attempts = serializers.IntegerField()
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A night that is done",
            value={
                "id": "6f2d1c6e-4c1e-4f0b-9a53-0d5a6f0e7a11",
                "status": "done",
                "as_of": "2026-03-16T02:30:00Z",
                "horizon": "2026-03-17T03:30:00Z",
                "started_at": "2026-03-16T02:30:01Z",
                "finished_at": "2026-03-16T02:31:40Z",
                "heartbeat": "2026-03-16T02:31:40Z",
                "pause_asked_at": None,
                "dry_run": False,
                "only": "",
                "missed": 0,
                "asked_by": "system beat",
                "note": "",
                "steps": [
                    {
                        "name": "disposal.closures",
                        "title": "Remove closed accounts",
                        "status": "done",
                        "destroys": True,
                        "counts": {"accounts": 3},
                        "error": "",
                        "attempts": 1,
                        "started_at": "2026-03-16T02:30:01Z",
                        "finished_at": "2026-03-16T02:30:09Z",
                    }
                ],
            },
        )
    ]
)
class NightWithStepsSerializer(NightSerializer):
    """One night with its steps, in their order."""

    steps = NightStepSerializer(many=True)


class Nights(ForStaff, ListEndpoint):
    """Every night, the latest first."""

    operation = "nights"
    acts = {"POST": "nights_run"}
    answers = {"POST": 202}
    permission, to_change = VIEW, RUN
    model = NightRun
    serializer_class = NightSerializer
    filterset_class = NightFilters
    ordering = ("-as_of", "-id")

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask for a night now.

        A worker takes it up. `note` says so when none can be reached; the next night takes it up then.
        """
        return self.answer(services.ask_for_night(now=self.now, actor=Actor.staff(request.user)), status=202)


class OneNight(ForStaff, OneEndpoint):
    """One night with its steps."""

    operation = "night"
    permission = VIEW
    model = NightRun
    serializer_class = NightWithStepsSerializer

    def rows(self, request: Request) -> QuerySet[NightRun]:
        return NightRun.objects.prefetch_related("steps")
