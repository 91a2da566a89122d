"""The promise ledger for programs: what it says now, what it said before, and "check now"."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path, re_path
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Counts, Moment, word
from privacy.core.api.views import Endpoint, ForStaff, ListEndpoint
from privacy.core.registries import Status
from privacy.promises import queries, services
from privacy.promises.models import PromiseResult, PromiseRun

VIEW, CHECK = "privacy.view_promise", "privacy.check_promises"

_KEPT = {
    "id": "HTC-10-4",
    "clause": "§10",
    "says": "Backups are gone after a month.",
    "check": "backups.none_over_age",
    "status": "kept",
    "figure": "P1M",
    "why": "The oldest of 30 backups is 29 days old.",
    "since": "2026-03-01T02:30:00Z",
}


class LedgerRowSerializer(serializers.Serializer[Any]):
    """What was found about one promise."""

    id = serializers.CharField(source="code", help_text="Of a check that nothing was promised about, its name.")
    clause = serializers.CharField(help_text="Where the published text says it; empty when it does not.")
    says = serializers.CharField()
    check = serializers.CharField(help_text="The live checks that were asked, joined by ` + `.")
    status = word(status.value for status in Status)
    figure = serializers.CharField(help_text="The promised figure, often a period; empty when there is none.")
    why = serializers.CharField(help_text="What was found.")
    since = Moment(allow_null=True, help_text="Since when it has this status without a break.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A kept promise",
            value={
                "site": "HTC",
                "checked_at": "2026-03-16T02:30:00Z",
                "stale": False,
                "counts": {"kept": 1, "broken": 0, "cannot_tell": 0, "not_promised": 0},
                "promises": [_KEPT],
            },
            response_only=True,
        )
    ]
)
class LedgerSerializer(serializers.Serializer[Any]):
    """The whole ledger of one check."""

    site = serializers.CharField(help_text="The profile's code; empty while none is loaded.")
    checked_at = Moment(allow_null=True, help_text="Null when nobody checked yet.")
    stale = serializers.BooleanField(help_text="The profile was replaced since.")
    counts = Counts(help_text="How many promises have each status.")
    promises = LedgerRowSerializer(many=True, source="rows")


class FindingSerializer(serializers.Serializer[Any]):
    """What one check found about one promise, with the promise as it read then."""

    checked_at = Moment(source="run.checked_at")
    status = word(status.value for status in Status)
    says = serializers.CharField()
    figure = serializers.CharField()
    why = serializers.CharField()
    since = Moment()


class CheckSerializer(serializers.Serializer[Any]):
    """One time that all promises were checked."""

    checked_at = Moment()
    asked_by = serializers.CharField(help_text="What kind of actor asked, never who.")
    kept = serializers.IntegerField()
    broken = serializers.IntegerField()
    cannot_tell = serializers.IntegerField()
    not_promised = serializers.IntegerField()


class Ledger(ForStaff, Endpoint):
    """The promise ledger, as it was last checked."""

    operation = "promises"
    acts = {"POST": "promises_check"}
    permission, to_change = VIEW, CHECK
    serializer_class = LedgerSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(queries.ledger())

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check every promise now.

        The ledger that this gives is remembered, and is the one that staff see from now on.
        """
        return self.answer(services.check_promises(now=timezone.now(), actor=Actor.staff(request.user)))


class Checks(ForStaff, ListEndpoint):
    """When the promises were checked, and how many were kept; the latest first."""

    operation = "promises_checks"
    permission = VIEW
    model = PromiseRun
    serializer_class = CheckSerializer
    ordering = ("-checked_at", "-id")

    def rows(self, request: Request) -> QuerySet[PromiseRun]:
        return queries.checks()


class Findings(ForStaff, ListEndpoint):
    """What was found about one promise, the latest first."""

    operation = "promises_findings"
    permission = VIEW
    model = PromiseResult
    serializer_class = FindingSerializer
    ordering = ("-run_id",)

    def rows(self, request: Request) -> QuerySet[PromiseResult]:
        if not queries.is_known(self.kwargs["id"]):
            raise Http404
        return queries.findings(self.kwargs["id"])


urlpatterns = [
    path("", Ledger.as_view(), name="promises"),
    path("checks/", Checks.as_view(), name="promises_checks"),
    # A promise's id has dots, HTC-2.1-1.
    re_path(r"^(?P<id>[A-Za-z0-9._-]{1,100})/findings/$", Findings.as_view(), name="promises_findings"),
]
