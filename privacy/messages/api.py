"""Messages for programs: what a member gets and wants, and for staff the outbox, mailings, opt-outs and lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Counts, Moment, word
from privacy.core.api.views import Endpoint, ForStaff, ListEndpoint, OfRows, OneEndpoint
from privacy.messages import queries, services
from privacy.messages.classes import Channel, Frequency, Kind, Level
from privacy.messages.models import Mailing, OutboxMessage, Preference, Suppression
from privacy.messages.preferences import Choice
from privacy.messages.rules import message_rules

SEE = "privacy.view_recipients"


class OutboxFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which messages."""

    state = django_filters.ChoiceFilter(choices=OutboxMessage.State.choices)
    kind = django_filters.ChoiceFilter(choices=Kind.choices)
    topic = django_filters.CharFilter(help_text="One topic, by its code.")
    mailing = django_filters.CharFilter(field_name="mailing__code", help_text="One mailing, by its code.")

    class Meta:
        model = OutboxMessage
        fields = ()


class OptOutFilters(django_filters.FilterSet):  # type: ignore[misc]
    """Which opt-outs."""

    channel = django_filters.ChoiceFilter(choices=Channel.choices)
    level = django_filters.ChoiceFilter(choices=Level.choices)

    class Meta:
        model = Suppression
        fields = ()


# --- members ------------------------------------------------------------------------------------


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


# --- staff: the outbox --------------------------------------------------------------------------


class OutboxMessageSerializer(serializers.Serializer[Any]):
    """One message to one recipient."""

    id = serializers.IntegerField()
    mailing = serializers.CharField(source="mailing.code", default=None, allow_null=True)
    topic = serializers.CharField()
    kind = word(Kind)
    state = word(OutboxMessage.State)
    reason = serializers.CharField(help_text="Why it was not sent, or is not known to have arrived; may be empty.")
    code = serializers.IntegerField(allow_null=True, help_text="What the mail server answered.")
    attempts = serializers.IntegerField()
    queued_at = Moment()
    sent_at = Moment(allow_null=True)
    bounced_at = Moment(allow_null=True)
    address = serializers.SerializerMethodField(help_text="Null for whoever may not see to whom messages go.")

    @extend_schema_field({"type": ["string", "null"]})
    def get_address(self, row: OutboxMessage) -> str | None:
        return row.address if self.context["request"].user.has_perm(SEE) else None


class DecisionSerializer(serializers.Serializer[Any]):
    """What became of a message in doubt."""

    decision = serializers.ChoiceField(choices=["arrived", "again", "drop"])


class Outbox(ForStaff, ListEndpoint):
    """What the site writes to people, the latest first."""

    operation = "messages_outbox"
    permission = "privacy.view_outboxmessage"
    model = OutboxMessage
    serializer_class = OutboxMessageSerializer
    filterset_class = OutboxFilters
    ordering = ("-queued_at", "-id")

    def rows(self, request: Request) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.select_related("mailing")


class OneMessage(ForStaff, OneEndpoint):
    """One message of the outbox."""

    operation = "messages_outbox_message"
    permission = "privacy.view_outboxmessage"
    model = OutboxMessage
    serializer_class = OutboxMessageSerializer

    def rows(self, request: Request) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.select_related("mailing")


class Decide(ForStaff, OfRows):
    """A message of which nobody knows whether it arrived."""

    operation = "messages_outbox_decide"
    permission, to_change = "privacy.view_outboxmessage", "privacy.decide_message"
    bodies = {"POST": DecisionSerializer}
    model = OutboxMessage
    serializer_class = OutboxMessageSerializer

    def rows(self, request: Request) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.select_related("mailing")

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Decide what became of it.

        Sent again, its recipient may get it twice. Your decision stands in the evidence.
        """
        row = self.found(request)
        decision = self.body(request)["decision"]
        services.decide(message=row, decision=decision, now=self.now, actor=Actor.staff(request.user))
        return self.answer(self.found(request))


# --- staff: mailings ----------------------------------------------------------------------------


class MailingSerializer(serializers.Serializer[Any]):
    """One text to many people."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    topic = serializers.CharField()
    kind = word(Kind)
    state = word(Mailing.State)
    subject = serializers.CharField()
    created_at = Moment()
    started_at = Moment(allow_null=True)
    finished_at = Moment(allow_null=True)
    left_out = Counts(help_text="How many of the audience do not get it, by reason.")


class MailingProgressSerializer(MailingSerializer):
    """A mailing, and how far it has come."""

    messages = serializers.SerializerMethodField(help_text="How many messages are in each state.")

    @extend_schema_field(Counts())
    def get_messages(self, mailing: Mailing) -> dict[str, int]:
        return dict(queries.progress([mailing.pk])[mailing.pk].by_state)


class Mailings(ForStaff, ListEndpoint):
    """Mailings, the latest first."""

    operation = "messages_mailings"
    permission = "privacy.view_mailing"
    model = Mailing
    serializer_class = MailingSerializer
    ordering = ("-created_at", "-id")

    def rows(self, request: Request) -> QuerySet[Mailing]:
        return Mailing.objects.all()


class OneMailing(ForStaff, OneEndpoint):
    """One mailing, and how far it has come."""

    operation = "messages_mailing"
    permission = "privacy.view_mailing"
    model = Mailing
    serializer_class = MailingProgressSerializer

    def rows(self, request: Request) -> QuerySet[Mailing]:
        return Mailing.objects.all()


class _Act(ForStaff, OfRows):
    permission, to_change = "privacy.view_mailing", "privacy.send_mailing"
    model = Mailing
    serializer_class = MailingProgressSerializer

    def rows(self, request: Request) -> QuerySet[Mailing]:
        return Mailing.objects.all()


class Pause(_Act):
    """A mailing that is being sent."""

    operation = "messages_mailing_pause"

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Pause it: no further message of it leaves."""
        services.pause(mailing=self.found(request), now=self.now, actor=Actor.staff(request.user))
        return self.answer(self.found(request))


class Resume(_Act):
    """A mailing that is paused."""

    operation = "messages_mailing_resume"

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Let it go on where it was."""
        services.resume(mailing=self.found(request), now=self.now, actor=Actor.staff(request.user))
        return self.answer(self.found(request))


# --- staff: opt-outs and lists ------------------------------------------------------------------


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

    def rows(self, request: Request) -> QuerySet[Suppression]:
        return Suppression.objects.all()


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


urlpatterns = [
    path("choices/", Choices.as_view(), name="messages_choices"),
    path("stop/", Stop.as_view(), name="messages_stop"),
    path("outbox/", Outbox.as_view(), name="messages_outbox"),
    path("outbox/<int:id>/", OneMessage.as_view(), name="messages_outbox_message"),
    path("outbox/<int:id>/decide/", Decide.as_view(), name="messages_outbox_decide"),
    path("mailings/", Mailings.as_view(), name="messages_mailings"),
    path("mailings/<uuid:id>/", OneMailing.as_view(), name="messages_mailing"),
    path("mailings/<uuid:id>/pause/", Pause.as_view(), name="messages_mailing_pause"),
    path("mailings/<uuid:id>/resume/", Resume.as_view(), name="messages_mailing_resume"),
    path("opt-outs/", OptOuts.as_view(), name="messages_opt_outs"),
    path("opt-outs/enter/", Enter.as_view(), name="messages_opt_out_enter"),
    path("texts/", Texts.as_view(), name="messages_texts"),
    path("lists/<slug:channel>/<slug:topic>/", OnList.as_view(), name="messages_list"),
]
