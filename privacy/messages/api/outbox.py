"""The outbox for staff: what is written to people, and what became of it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, word
from privacy.core.api.views import ForStaff, ListEndpoint, OfRows, OneEndpoint
from privacy.messages import services
from privacy.messages.classes import Kind
from privacy.messages.models import OutboxMessage

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


class _OfOutbox(ForStaff, OfRows):
    permission = "privacy.view_outboxmessage"
    model = OutboxMessage
    serializer_class = OutboxMessageSerializer

    def rows(self, request: Request) -> QuerySet[OutboxMessage]:
        return OutboxMessage.objects.select_related("mailing")


class Outbox(_OfOutbox, ListEndpoint):
    """What the site writes to people, the latest first."""

    operation = "messages_outbox"
    filterset_class = OutboxFilters
    ordering = ("-queued_at", "-id")


class OneMessage(_OfOutbox, OneEndpoint):
    """One message of the outbox."""

    operation = "messages_outbox_message"


class Decide(_OfOutbox):
    """A message of which nobody knows whether it arrived."""

    operation = "messages_outbox_decide"
    to_change = "privacy.decide_message"
    bodies = {"POST": DecisionSerializer}

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Decide what became of it.

        Sent again, its recipient may get it twice. Your decision stands in the evidence.
        """
        row = self.found(request)
        decision = self.body(request)["decision"]
        services.decide(message=row, decision=decision, now=self.now, actor=Actor.staff(request.user))
        return self.answer(self.found(request))
