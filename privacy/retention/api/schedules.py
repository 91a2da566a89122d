"""Schedules: what ends when, what binds it, and moving, pausing and resuming it as the admin does."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, PeriodField, word
from privacy.core.api.filters import YesNoFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OfRows, OneEndpoint
from privacy.promises.models import Promise
from privacy.retention import services
from privacy.retention.ending import Rulebook
from privacy.retention.models import Schedule

VIEW, CHANGE, PAUSE = "privacy.view_schedule", "privacy.change_schedule", "privacy.pause_schedule"


class ScheduleFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which schedules."""

    category = django_filters.CharFilter(help_text="One category of data.")
    kind = django_filters.ChoiceFilter(choices=Schedule.Kind.choices)
    paused = YesNoFilter()
    declared = YesNoFilter(
        field_name="withdrawn_at", lookup_expr="isnull", help_text="Whether its declaration still stands."
    )

    class Meta:
        model = Schedule
        fields = ()


class BoundSerializer(serializers.Serializer[Any]):
    """A promise that binds the period."""

    promise = serializers.CharField(source="code")
    clause = serializers.CharField()
    figure = serializers.CharField()
    bound = word(Promise.BoundKind, source="kind", help_text="Whether the period may at most or must at least be this.")
    version = serializers.CharField(help_text="The published version that says it; empty where the profile alone does.")
    heading = serializers.CharField(help_text="Above the figure in that version; may be empty.")
    until = Moment(allow_null=True, help_text="When a later version binds everybody; null while none is there.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Page views",
            value={
                "id": 3,
                "name": "coop.PageView delete from viewed_at",
                "kind": "expiry",
                "model": "coop.PageView",
                "category": "events",
                "field": "",
                "counted_from": "viewed_at",
                "action": "delete",
                "ground": "",
                "declared": "P13M",
                "period": "P12M",
                "in_force": "P12M",
                "bounds": [],
                "edited": True,
                "paused": False,
                "withdrawn_at": None,
            },
            response_only=True,
        )
    ]
)
class ScheduleSerializer(serializers.Serializer[Any]):
    """When the rows of one model end."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = word(Schedule.Kind, help_text="An end of life, or the end of an exception that kept a row.")
    model = serializers.CharField()
    category = serializers.CharField()
    field = serializers.CharField(help_text="The field that an exception keeps; empty for the whole row.")
    counted_from = serializers.CharField(source="start")
    action = word(Schedule.Action)
    ground = serializers.CharField(help_text="Why an exception keeps it.")
    declared = serializers.CharField(help_text="The period of the declaration.")
    period = serializers.CharField(help_text="The period that was set.")
    in_force = serializers.SerializerMethodField(help_text="The period the night goes by: never weaker than promised.")
    bounds = serializers.SerializerMethodField()
    edited = serializers.BooleanField(help_text="Whether somebody moved it away from its declaration.")
    paused = serializers.BooleanField()
    withdrawn_at = Moment(allow_null=True, help_text="Since when its declaration is gone; it is carried out no more.")

    def get_in_force(self, schedule: Schedule) -> str:
        return str(self._book.period(schedule))

    @extend_schema_field(BoundSerializer(many=True))
    def get_bounds(self, schedule: Schedule) -> Any:
        return BoundSerializer(self._book.bounds(schedule), many=True).data

    @property
    def _book(self) -> Rulebook:
        book: Rulebook = self.context["view"].book
        return book


class NewPeriodSerializer(serializers.Serializer[Any]):
    """What a schedule is moved to."""

    period = PeriodField(help_text="Months are calendar months.")


class _Schedules(ForStaff, OfRows):
    permission = VIEW
    model = Schedule
    serializer_class = ScheduleSerializer

    @property
    def book(self) -> Rulebook:
        """Declarations and promises, read once an answer."""
        if not hasattr(self, "_book"):
            self._book = Rulebook(self.now)
        return self._book


class Schedules(_Schedules, ListEndpoint):
    """Every retention schedule, by name."""

    operation = "schedules"
    filterset_class = ScheduleFilters
    ordering = ("name",)


class OneSchedule(_Schedules, OneEndpoint):
    """One retention schedule."""

    operation = "schedule"
    acts = {"PATCH": "schedule_change"}
    bodies = {"PATCH": NewPeriodSerializer}
    to_change = CHANGE

    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Move a schedule to another period.

        Refused when the published text promises more, when the schedule ends an exception, and when its
        declaration is gone.
        """
        period = self.body(request)["period"]
        changed = services.change_period(
            schedule=self.found(request), period=period, now=self.now, actor=Actor.staff(request.user)
        )
        return self.answer(changed)


class Pause(_Schedules):
    """A schedule that is carried out."""

    operation = "schedule_pause"
    to_change = PAUSE

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Pause a schedule.

        Its rows stay from now on, and its promise goes on: it is broken once a row is over its end.
        """
        schedule, staff = self.found(request), Actor.staff(request.user)
        return self.answer(services.pause_schedule(schedule=schedule, now=self.now, actor=staff))


class Resume(_Schedules):
    """A schedule that is paused."""

    operation = "schedule_resume"
    to_change = PAUSE

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Resume a schedule. The next night carries it out."""
        schedule, staff = self.found(request), Actor.staff(request.user)
        return self.answer(services.resume_schedule(schedule=schedule, now=self.now, actor=staff))
