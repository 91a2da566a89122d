"""A member's own messages: what promotion they get, and how they stop it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import word
from privacy.core.api.views import Endpoint
from privacy.messages import services
from privacy.messages.classes import Channel, Frequency
from privacy.messages.preferences import Choice


class WantedSerializer(serializers.Serializer[Any]):
    """One way in which a topic comes."""

    channel = word(Channel)
    wanted = serializers.BooleanField()


class TopicStandingSerializer(serializers.Serializer[Any]):
    """One kind of promotion as it stands for you."""

    topic = serializers.CharField(source="topic.code")
    title = serializers.CharField(source="topic.title")
    granted = serializers.BooleanField(help_text="False: it needs your consent, and you did not give it.")
    stopped = serializers.BooleanField(help_text="An opt-out of yours stops it by e-mail.")
    frequency = word(Frequency)
    channels = serializers.SerializerMethodField()

    @extend_schema_field(WantedSerializer(many=True))
    def get_channels(self, standing: Any) -> list[dict[str, Any]]:
        return [{"channel": channel, "wanted": wanted} for channel, wanted in standing.channels.items()]


class StandingsSerializer(serializers.Serializer[Any]):
    """What promotion you get."""

    topics = TopicStandingSerializer(many=True)


class ChoiceSerializer(serializers.Serializer[Any]):
    """What you want of one topic by one channel."""

    topic = serializers.CharField(max_length=40, trim_whitespace=False)
    channel = word(Channel)
    wanted = serializers.BooleanField()
    frequency = serializers.ChoiceField(choices=Frequency.choices, default=Frequency.EVERY)

    def validate_channel(self, value: str) -> str:
        if value not in Channel.values:
            raise serializers.ValidationError("It is no channel", code="unknown")
        return value


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "No offers by telephone", value={"choices": [{"topic": "offers", "channel": "phone", "wanted": False}]}
        )
    ]
)
class ChoicesSerializer(serializers.Serializer[Any]):
    """What you choose; what is not named stays as it is."""

    choices = serializers.ListField(child=ChoiceSerializer(), max_length=100)


class _OwnMessages(Endpoint):
    serializer_class = StandingsSerializer

    def standing(self, request: Request) -> Response:
        return self.answer({"topics": services.standings(request.user, now=self.now)})


class Choices(_OwnMessages):
    """What promotion you get, how often and by which channel."""

    operation = "messages_choices"
    acts = {"POST": "messages_choose"}
    bodies = {"POST": ChoicesSerializer}

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.standing(request)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Choose.

        Wanting a topic by e-mail again lifts the opt-out that stopped it, for that topic alone.
        """
        chosen = [Choice(**one) for one in self.body(request)["choices"]]
        services.choose(user=request.user, choices=chosen, now=self.now, actor=Actor.member(request.user))
        return self.standing(request)


class Stop(_OwnMessages):
    """Everything that you can stop."""

    operation = "messages_stop"

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Stop all promotion, or all correspondence where the policy promises that."""
        services.stop_all(user=request.user, now=self.now, actor=Actor.member(request.user))
        return self.standing(request)
