"""What staff see of everybody's consents: the ledger without its people, purposes, and objections to decide."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.consent import queries, services
from privacy.consent.api.own import StopSerializer
from privacy.consent.models import ConsentRecord, Decision, Flag, Purpose
from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, word
from privacy.core.api.filters import MomentFilter
from privacy.core.api.views import ForStaff, ListEndpoint, OfRows

VIEW, VIEW_FLAGS, DECIDE, VIEW_PURPOSES = (
    "privacy.view_consentrecord",
    "privacy.view_flag",
    "privacy.decide_flags",
    "privacy.view_purpose",
)


class RecordFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which lines."""

    purpose = django_filters.CharFilter(help_text="One purpose, by its code.")
    decision = django_filters.ChoiceFilter(choices=Decision.choices)
    since = MomentFilter(field_name="at", lookup_expr="gte", help_text="At or after this moment.")
    until = MomentFilter(field_name="at", lookup_expr="lt", help_text="Before this moment.")

    class Meta:
        model = ConsentRecord
        fields = ()


class FlagFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which restrictions and objections."""

    kind = django_filters.ChoiceFilter(choices=Flag.Kind.choices)
    outcome = django_filters.ChoiceFilter(choices=Flag.Outcome.choices)

    class Meta:
        model = Flag
        fields = ()


class RecordSerializer(serializers.Serializer[Any]):
    """One line of the ledger. It names nobody."""

    id = serializers.UUIDField(source="reference")
    at = Moment()
    purpose = serializers.CharField()
    decision = word(Decision)
    wording = serializers.CharField(source="wording_id", allow_null=True, help_text="The digest of the words shown.")
    surface = serializers.CharField()
    language = serializers.CharField()
    expires_at = Moment(allow_null=True)
    commitment = serializers.CharField(help_text="A salted SHA-256 over the line and the pseudonym of its person.")


class PurposeSerializer(serializers.Serializer[Any]):
    """What people are asked about, or may object to."""

    code = serializers.CharField()
    title = serializers.CharField()
    legal_basis = serializers.CharField()
    category = serializers.CharField()
    period = serializers.CharField(help_text="How long a yes lasts; empty where nobody is asked.")
    express = serializers.BooleanField()
    marketing = serializers.BooleanField()
    covers = serializers.ListField(child=serializers.CharField())
    origin = word(Purpose.Origin)
    added_at = Moment()
    announced_at = Moment(allow_null=True)
    retired_at = Moment(allow_null=True)


class RulingSerializer(serializers.Serializer[Any]):
    """What becomes of an objection."""

    uphold = serializers.BooleanField()
    reason = serializers.CharField(
        max_length=500, allow_blank=True, default="", help_text="What the person is told; a rejection needs one."
    )


class Records(ForStaff, ListEndpoint):
    """The consent ledger, the latest first. Whose lines they are is not told here."""

    operation = "consent_ledger"
    permission = VIEW
    model = ConsentRecord
    serializer_class = RecordSerializer
    filterset_class = RecordFilters
    ordering = ("-at", "-id")

    def rows(self, request: Request) -> QuerySet[ConsentRecord]:
        return queries.records()


class Purposes(ForStaff, ListEndpoint):
    """Purposes, retired ones included."""

    operation = "consent_purposes"
    permission = VIEW_PURPOSES
    model = Purpose
    serializer_class = PurposeSerializer
    ordering = ("code",)

    def rows(self, request: Request) -> QuerySet[Purpose]:
        return queries.purposes()


class Flags(ForStaff, ListEndpoint):
    """Restrictions and objections of everybody, the latest first. Whose they are is not told here."""

    operation = "consent_flags"
    permission = VIEW_FLAGS
    model = Flag
    serializer_class = StopSerializer
    filterset_class = FlagFilters
    ordering = ("-raised_at", "id")

    def rows(self, request: Request) -> QuerySet[Flag]:
        return queries.all_flags()


class Decide(ForStaff, OfRows):
    """An objection that waits."""

    operation = "consent_decide"
    permission, to_change = VIEW_FLAGS, DECIDE
    model = Flag
    bodies = {"POST": RulingSerializer}
    serializer_class = StopSerializer

    def rows(self, request: Request) -> QuerySet[Flag]:
        return queries.all_flags()

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Uphold an objection, or reject it with the reason that the person is told.

        Refused when it does not wait any more, and when a rejection is about direct marketing or has no reason.
        """
        sent = self.body(request)
        decided = services.decide_objection(
            flag=self.found(request), now=self.now, actor=Actor.staff(request.user), **sent
        )
        return self.answer(decided)
