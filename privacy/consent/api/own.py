"""What a member sees of their own consents, and says. Nobody else's are there."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.consent import queries, receipts, services
from privacy.consent.models import Choice, ConsentContext, Decision, Flag, Purpose, Wording
from privacy.consent.people import Network, Person
from privacy.core.actors import Actor
from privacy.core.api.fields import Moment, word
from privacy.core.api.views import Endpoint, ListEndpoint, OfRows
from privacy.core.people import joined_at

_SURFACE = "api"


class WordingSerializer(serializers.Serializer[Any]):
    """The exact words of a question."""

    digest = serializers.CharField(help_text="What an answer names, so that no other words are meant.")
    version = serializers.CharField()
    language = serializers.CharField()
    text = serializers.CharField(help_text="Show it as it stands, every space and line end.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A question nobody answered yet",
            value={
                "purpose": "newsletter",
                "title": "News by mail",
                "state": "not_asked",
                "stopped": False,
                "since": None,
                "expires_at": None,
                "lasts": "P2Y",
                "wording": {"digest": "9f86…0a08", "version": "1", "language": "en", "text": "Send me news by mail."},
            },
            response_only=True,
        )
    ]
)
class QuestionSerializer(serializers.Serializer[Any]):
    """One purpose that rests on consent, and how the member stands to it."""

    purpose = serializers.CharField(source="purpose.code")
    title = serializers.CharField(source="purpose.title")
    state = word((state.value for state in queries.State), help_text="Anything but `given` is a no.")
    stopped = serializers.BooleanField(help_text="A restriction or an objection keeps it from being used all the same.")
    since = Moment(source="record.at", allow_null=True, default=None)
    expires_at = Moment(source="record.expires_at", allow_null=True, default=None)
    lasts = serializers.CharField(source="purpose.period", help_text="How long a yes lasts.")
    wording = WordingSerializer(allow_null=True, help_text="The words of today, in the language of the request.")


class QuestionsSerializer(serializers.Serializer[Any]):
    """Everything that the member is asked."""

    questions = QuestionSerializer(many=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """One line of the ledger. It is never changed."""

    id = serializers.UUIDField(source="record.reference")
    at = Moment(source="record.at")
    purpose = serializers.CharField()
    decision = word(Decision, source="record.decision")
    surface = serializers.CharField(source="record.surface", help_text="Where it was decided.")
    expires_at = Moment(source="record.expires_at", allow_null=True)
    wording = WordingSerializer(source="record.wording", allow_null=True)


class StopSerializer(serializers.Serializer[Any]):
    """A restriction or an objection."""

    id = serializers.UUIDField()
    kind = word(Flag.Kind)
    purpose = serializers.CharField(help_text="Empty: every purpose.")
    ground = serializers.CharField(help_text="Why a restriction was asked for.")
    raised_at = Moment()
    outcome = word(Flag.Outcome)
    decided_at = Moment(allow_null=True)
    lifted_at = Moment(allow_null=True)
    reason = serializers.CharField(help_text="Why it was rejected or lifted.")
    stops = serializers.BooleanField(help_text="Whether it keeps data from being used now.")


class AnswerSerializer(serializers.Serializer[Any]):
    """Yes or no to the words that were shown."""

    choice = word(Choice)
    wording = serializers.CharField(max_length=64, help_text="The digest of the words that were shown.")


class ObjectionSerializer(serializers.Serializer[Any]):
    """Against which use."""

    purpose = serializers.CharField(
        max_length=50, allow_blank=True, default="", help_text="A purpose's code; empty objects to all."
    )


class RestrictionSerializer(ObjectionSerializer):
    """Why data shall be left alone."""

    ground = word(value for value in Flag.Ground.values if value)


class ConsentReceiptSerializer(serializers.Serializer[Any]):
    """Two receipts of one decision."""

    iso27560 = serializers.DictField(help_text="With the mandatory fields of ISO/IEC TS 27560.")
    kantara = serializers.DictField(allow_null=True, help_text="Kantara 1.1; null of anything but a grant.")


class _Own(Endpoint):
    """Everything here is the signed-in member's own."""

    def person(self, request: Request) -> Person:
        return Person.of_user(request.user)

    def said(self, request: Request, purpose: str) -> dict[str, Any]:
        """Who, about what, where and when, as every service takes it."""
        return {
            "person": self.person(request),
            "purpose": purpose,
            "surface": _SURFACE,
            "now": self.now,
            "actor": Actor.member(request.user),
        }

    def named(self, request: Request) -> dict[str, Any]:
        """The same, about the purpose that the address names.

        Raises:
            Http404: nobody declared it.
        """
        get_object_or_404(Purpose, pk=self.kwargs["code"])
        return self.said(request, self.kwargs["code"])

    def decision(self, record: Any) -> Response:
        return Response(DecisionSerializer(record.context).data)


class Questions(_Own):
    """What the member is asked, in which words, and how they stand to it."""

    operation = "consents"
    serializer_class = QuestionsSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = queries.questions(
            self.person(request),
            language=get_language() or "en",
            joined_at=joined_at(request.user),
            now=self.now,
        )
        return self.answer({"questions": asked})


class Answer(_Own):
    """The member's answer to one question."""

    operation = "consent_answer"
    bodies = {"POST": AnswerSerializer}
    serializer_class = DecisionSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say yes or no to the words that were shown.

        Refused when other words are served by now: show those, and ask again. A no after a yes takes the yes back.
        """
        said = self.named(request)
        sent = self.body(request)
        wording = get_object_or_404(Wording, pk=sent["wording"])
        record = services.decide(
            choice=Choice(sent["choice"]),
            wording=wording,
            language=wording.language,
            network=Network.of_address(request.META.get("REMOTE_ADDR", "")),
            **said,
        )
        return self.decision(record)


class Withdraw(_Own):
    """A consent of the member's."""

    operation = "consent_withdraw"
    serializer_class = DecisionSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a consent back, for the future. One request, as it took to give it."""
        network = Network.of_address(request.META.get("REMOTE_ADDR", ""))
        return self.decision(services.withdraw(network=network, **self.named(request)))


class Decisions(_Own, ListEndpoint):
    """Everything that the member ever said, the latest first."""

    operation = "consent_decisions"
    model = ConsentContext
    serializer_class = DecisionSerializer
    ordering = ("-record_id",)

    def rows(self, request: Request) -> QuerySet[ConsentContext]:
        return queries.records_of(self.person(request))


class OwnReceipt(_Own, OfRows):
    """The receipts of one decision of the member's."""

    operation = "consent_receipt"
    model = ConsentContext
    serializer_class = ConsentReceiptSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        context = queries.own_record(self.person(request), self.kwargs["id"])
        if context is None:
            raise Http404
        made = receipts.receipt_of(context)
        given = made.decision == Decision.GIVEN and made.wording is not None
        return self.answer({"iso27560": receipts.iso27560(made), "kantara": receipts.kantara(made) if given else None})


class Stops(_Own, ListEndpoint):
    """The member's restrictions and objections, the latest first."""

    operation = "consent_stops"
    model = Flag
    serializer_class = StopSerializer
    ordering = ("-raised_at", "id")

    def rows(self, request: Request) -> QuerySet[Flag]:
        return queries.flags_of(self.person(request))


class Objections(_Own):
    """The member's right to object."""

    operation = "consent_object"
    bodies = {"POST": ObjectionSerializer}
    serializer_class = StopSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Object to one use, or to every use. It stops at once."""
        return self.answer(services.object_to(**self.said(request, self.body(request)["purpose"])))


class Restrictions(_Own):
    """The member's right to have data left alone."""

    operation = "consent_restrict"
    bodies = {"POST": RestrictionSerializer}
    serializer_class = StopSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have data stored, and otherwise left alone, from now on."""
        sent = self.body(request)
        return self.answer(services.restrict(ground=sent["ground"], **self.said(request, sent["purpose"])))


class Lift(_Own, OfRows):
    """A restriction or objection of the member's."""

    operation = "consent_lift"
    model = Flag
    serializer_class = StopSerializer

    def rows(self, request: Request) -> QuerySet[Flag]:
        return queries.flags_of(self.person(request))

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """End what one raised oneself."""
        reason = _("You asked for it yourself.")
        lifted = services.lift(flag=self.found(request), reason=reason, now=self.now, actor=Actor.member(request.user))
        return self.answer(lifted)
