"""What stops messages, for staff: opt-outs, answers to texts, and lists of who may be reached."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, word
from privacy.core.api.views import Endpoint, ForStaff, ListEndpoint
from privacy.messages import queries, services
from privacy.messages.classes import Channel, Level
from privacy.messages.models import Preference, Suppression
from privacy.messages.rules import message_rules


class OptOutFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which opt-outs."""

    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    level = django_filters.ChoiceFilter(choices=Level.choices)

    class Meta:
        model = Suppression
        fields = ()


class OptOutSerializer(serializers.Serializer[Any]):
    """One opt-out; whose it is cannot be read back."""

    id = serializers.UUIDField()
    channel = word(Channel)
    level = word(Level)
    topic = serializers.CharField()
    source = word(Suppression.Source, help_text="How it came.")  # type: ignore[assignment]
    requested_at = Moment()
    entered_at = Moment()
    lifted_at = Moment(allow_null=True, help_text="When the person asked for messages again.")


class NewOptOutSerializer(serializers.Serializer[Any]):
    """Somebody who wants no more messages."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    address = serializers.CharField(
        max_length=254, trim_whitespace=False, help_text="E-mail address, number or postal address; not kept."
    )
    level = serializers.ChoiceField(choices=[Level.MARKETING, Level.ALL])
    requested_at = Moment(required=False, help_text="When the person said so; now where it is left out.")


class EnteredSerializer(serializers.Serializer[Any]):
    """What an opt-out did."""

    level = serializers.CharField()
    entered = serializers.BooleanField(help_text="False when the same was in force already.")
    dropped = serializers.IntegerField(help_text="Messages that waited, and will not go.")


class TextSerializer(serializers.Serializer[Any]):
    """An answer to a text message."""

    number = serializers.CharField(max_length=40, trim_whitespace=False, help_text="Not kept.")
    text = serializers.CharField(max_length=1000, allow_blank=True, help_text="Not kept.")


class TextReportSerializer(serializers.Serializer[Any]):
    """What the answer did."""

    stopped = serializers.BooleanField(help_text="It was a word that stops further texts.")


class OnListSerializer(serializers.Serializer[Any]):
    """A member who may be reached."""

    user = serializers.CharField(source="pk", help_text="The account's key.")


class OptOuts(ForStaff, ListEndpoint):
    """Opt-outs, the latest first. They name nobody."""

    operation = "messages_opt_outs"
    permission = "privacy.view_suppression"
    model = Suppression
    serializer_class = OptOutSerializer
    filterset_class = OptOutFilters
    ordering = ("-entered_at", "-id")


class Enter(ForStaff, Endpoint):
    """An opt-out that came outside the site."""

    operation = "messages_opt_out_enter"
    permission, to_change = "privacy.view_suppression", "privacy.enter_opt_out"
    bodies = {"POST": NewOptOutSerializer}
    serializer_class = EnteredSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Enter it. It is in force at once."""
        given = self.body(request)
        actor = Actor.staff(request.user)
        return self.answer(services.opt_out(**given, source=Suppression.Source.API, now=self.now, actor=actor))


class Texts(ForStaff, Endpoint):
    """Answers to the site's text messages."""

    operation = "messages_texts"
    permission, to_change = "privacy.view_suppression", "privacy.enter_opt_out"
    bodies = {"POST": TextSerializer}
    serializer_class = TextReportSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hand over an answer: a stop word stops further texts to the number."""
        given = self.body(request)
        return self.answer(services.receive_text(**given, now=self.now, actor=Actor.staff(request.user)))


class OnList(ForStaff, ListEndpoint):
    """Members whom the site may reach about a topic by text, telephone or post.

    Ask again before each use. Numbers that answered STOP, and addresses that wrote, are not known by account: look them
    up with `services.stops_of`.
    """

    operation = "messages_list"
    permission = "privacy.view_preference"
    model = Preference
    serializer_class = OnListSerializer
    ordering = ("pk",)

    def rows(self, request: Request) -> QuerySet[Any]:
        topic = message_rules().topics.get(self.kwargs["topic"])
        if topic is None or not topic.promotional or self.kwargs["channel"] not in Channel.values:
            raise Http404
        return queries.reachable_members(topic, self.kwargs["channel"], now=self.now)
