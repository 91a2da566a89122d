"""What the privacy page shows a member, for programs that act for them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.account import queries
from privacy.core.api.fields import Moment, word
from privacy.core.api.views import Endpoint, ListEndpoint, OneEndpoint
from privacy.disposal.holds.queries import holds_told_to
from privacy.disposal.models import Closure


class HeldItemSerializer(serializers.Serializer[Any]):
    """One kind of record."""

    model = serializers.CharField(source="label")
    rows = serializers.IntegerField()


class HeldEndSerializer(serializers.Serializer[Any]):
    """When it ends while the account is open."""

    period = serializers.CharField()
    masks = serializers.BooleanField(help_text="It is made anonymous then, not removed.")


class StayingOnSerializer(serializers.Serializer[Any]):
    """What outlives the account."""

    ground = serializers.CharField()
    period = serializers.CharField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Page views",
            value={
                "category": "events",
                "client_data": False,
                "items": [{"model": "coop.PageView", "rows": 214}],
                "purposes": ["service"],
                "bases": ["our legitimate interest"],
                "ends": [{"period": "P13M", "masks": False}],
                "exceptions": [],
            },
        )
    ]
)
class HoldingSerializer(serializers.Serializer[Any]):
    """What the site holds about you in one category."""

    category = serializers.CharField()
    client_data = serializers.BooleanField(help_text="Records about other people that are kept for you.")
    items = HeldItemSerializer(many=True)
    purposes = serializers.ListField(child=serializers.CharField())
    bases = serializers.ListField(child=serializers.CharField(), help_text="The legal bases, in words.")
    ends = HeldEndSerializer(many=True)
    exceptions = StayingOnSerializer(many=True)


class HoldToldSerializer(serializers.Serializer[Any]):
    """A legal hold on data of yours; never the case it is for."""

    categories = serializers.ListField(child=serializers.CharField(), help_text="Empty: all of it.")
    ground = serializers.CharField()
    review_at = Moment()


class HoldingsSerializer(serializers.Serializer[Any]):
    """Everything that is held about you."""

    held = HoldingSerializer(many=True)
    empty = serializers.ListField(child=serializers.CharField(), help_text="Categories with nothing of yours in them.")
    holds = HoldToldSerializer(many=True)


class OwnClosureSerializer(serializers.Serializer[Any]):
    """How far the closing of your account has come."""

    id = serializers.UUIDField()
    reference = serializers.CharField(source="pseudonym", help_text="Name it when you write to the site about it.")
    status = word(Closure.Status)
    closed_at = Moment()
    due_at = Moment(help_text="By when everything must be gone.")
    finished_at = Moment(allow_null=True)


class Holdings(Endpoint):
    """What the site holds about you, why, and for how long."""

    operation = "account_holdings"
    serializer_class = HoldingsSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        held, empty = queries.holdings(request.user, self.now)
        return self.answer({"held": held, "empty": empty, "holds": holds_told_to(request.user)})


class OwnClosures(ListEndpoint):
    """How far the closing of your account has come.

    Whoever is cut off already signs in no more; what is to be read here waits, or was taken back.
    """

    operation = "account_closures"
    model = Closure
    serializer_class = OwnClosureSerializer
    ordering = ("-closed_at", "-id")

    def rows(self, request: Request) -> QuerySet[Closure]:
        return queries.closures_of(request.user)


class OwnClosure(OneEndpoint):
    """One closure of your account."""

    operation = "account_closure"
    model = Closure
    serializer_class = OwnClosureSerializer

    def rows(self, request: Request) -> QuerySet[Closure]:
        return queries.closures_of(request.user)


urlpatterns = [
    path("holdings/", Holdings.as_view(), name="account_holdings"),
    path("closures/", OwnClosures.as_view(), name="account_closures"),
    path("closures/<uuid:id>/", OwnClosure.as_view(), name="account_closure"),
]
