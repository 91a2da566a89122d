"""Mailings for staff: how far each has come, and a hand on it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.actors import Actor
from privacy.core.api.fields import Counts, Moment, word
from privacy.core.api.views import ForStaff, ListEndpoint, OfRows, OneEndpoint
from privacy.messages import queries, services
from privacy.messages.classes import Kind
from privacy.messages.models import Mailing


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


class OneMailing(ForStaff, OneEndpoint):
    """One mailing, and how far it has come."""

    operation = "messages_mailing"
    permission = "privacy.view_mailing"
    model = Mailing
    serializer_class = MailingProgressSerializer


class _Act(ForStaff, OfRows):
    permission, to_change = "privacy.view_mailing", "privacy.send_mailing"
    model = Mailing
    serializer_class = MailingProgressSerializer


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
