"""Acceptances for programs: what a member accepted, what they have to accept, and their yes."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.consent.people import Network, Person
from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, word
from privacy.core.api.views import Endpoint, ListEndpoint
from privacy.core.people import joined_at
from privacy.policies.acceptance import queries, services
from privacy.policies.acceptance.models import AcceptanceContext, Event, Kind


class AcceptedSerializer(serializers.Serializer[Any]):
    """One document of an acceptance."""

    document = serializers.CharField()
    version = serializers.CharField(source="version_id", allow_null=True, help_text="Null where none was published.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A purchase",
            value={
                "id": "0d3b9b4e-6a53-4a8a-9a4c-2f3a0f6f2a55",
                "at": "2026-03-16T12:00:00Z",
                "kind": "deemed",
                "event": "purchase",
                "surface": "page",
                "versions": [
                    {"document": "privacy", "version": "privacy.en.3"},
                    {"document": "terms", "version": "terms.en.2"},
                ],
            },
            response_only=True,
        )
    ]
)
class AcceptanceSerializer(serializers.Serializer[Any]):
    """One line of the ledger. It is never changed, and is no consent to any purpose."""

    id = serializers.UUIDField(source="acceptance.reference")
    at = Moment(source="acceptance.at")
    kind = word(Kind, source="acceptance.kind")
    event = word(Event, source="acceptance.event")
    surface = serializers.CharField(source="acceptance.surface", help_text="Where it happened.")
    versions = AcceptedSerializer(many=True, source="acceptance.versions.all")


class AskedSerializer(serializers.Serializer[Any]):
    """One document that binds the member now."""

    document = serializers.CharField(source="version.document_id")
    version = serializers.CharField(source="version.pk", help_text="What a yes names, so that no other is meant.")
    title = serializers.CharField(source="version.title")
    language = serializers.CharField(source="version.language")
    open = serializers.BooleanField(source="is_open", help_text="The member has not accepted it.")


class QuestionOfPoliciesSerializer(serializers.Serializer[Any]):
    """What the member has to accept."""

    open = serializers.BooleanField(source="is_open", help_text="The site does not go on before they answer.")
    by_use = serializers.BooleanField(help_text="Going on to use the site is their answer.")
    documents = AskedSerializer(many=True)


class YesSerializer(serializers.Serializer[Any]):
    """The versions that the member was shown and agrees to."""

    versions = serializers.ListField(
        child=serializers.CharField(max_length=100), min_length=1, max_length=50, help_text="Keys of versions."
    )


class Acceptances(ListEndpoint):
    """Everything that the member ever accepted, the latest first."""

    operation = "acceptances"
    model = AcceptanceContext
    serializer_class = AcceptanceSerializer
    ordering = ("-acceptance_id",)

    def rows(self, request: Request) -> QuerySet[AcceptanceContext]:
        return queries.own(Person.of_user(request.user))


class AcceptanceOpen(Endpoint):
    """What the member has to accept now."""

    operation = "acceptance_open"
    bodies = {"POST": YesSerializer}
    acts = {"POST": "acceptance_give"}
    serializer_class = QuestionOfPoliciesSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(self._question(request))

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say yes to the versions that were shown.

        Refused when others bind by now: show those, and ask again.
        """
        services.accept(
            person=Person.of_user(request.user),
            versions=self.body(request)["versions"],
            surface="api",
            language=get_language() or "",
            network=Network.of_address(request.META.get("REMOTE_ADDR", "")),
            now=self.now,
            actor=Actor.member(request.user),
        )
        return self.answer(self._question(request))

    def _question(self, request: Request) -> queries.Question:
        person = Person.of_user(request.user)
        joined = joined_at(request.user)
        return queries.asked_of(person, joined_at=joined, now=self.now)


urlpatterns = [
    path("", Acceptances.as_view(), name="acceptances"),
    path("open/", AcceptanceOpen.as_view(), name="acceptance_open"),
]
