"""What was published, for programs of signed-in members; whoever is not signed in reads the public pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import path, re_path
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from privacy.core.api.fields import Moment, word
from privacy.core.api.views import Endpoint, ListEndpoint, OneEndpoint
from privacy.core.people import joined_at
from privacy.policies import queries
from privacy.policies.about import about
from privacy.policies.binding import binds_everybody_from, versions_binding
from privacy.policies.models import PolicyVersion, TextFormat
from privacy.promises.queries import facts

_VERSION = {
    "key": "privacy.en.3",
    "document": "privacy",
    "language": "en",
    "number": 3,
    "title": "Privacy policy",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "date_label": "Last update",
    "revised_on": "2026-03-16",
    "note": "Backups are kept for one month.",
    "material": True,
    "announced_at": None,
    "published_at": "2026-03-16T12:00:00Z",
    "binds_everybody_from": "2026-04-15T12:00:00Z",
    "early_reason": "",
    "withdrawn_at": None,
    "withdrawal_reason": "",
}


class _BindsEverybodyFrom(Moment):
    """Computed of the rule that was frozen with the version."""

    def get_attribute(self, instance: PolicyVersion) -> datetime:
        return binds_everybody_from(instance)


@extend_schema_serializer(examples=[OpenApiExample("A version", value=_VERSION, response_only=True)])
class VersionSerializer(serializers.Serializer[Any]):
    """One published version, without its text."""

    key = serializers.CharField(help_text="Document, language and number.")
    document = serializers.CharField(source="document_id")
    language = serializers.CharField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    sha256 = serializers.CharField(source="digest", help_text="Over the text's bytes in UTF-8.")
    date_label = serializers.CharField(help_text="The words in front of the printed date; empty when none is printed.")
    revised_on = serializers.DateField(help_text="The printed date.")
    note = serializers.CharField(help_text="What changed, in a sentence; may be empty.")
    material = serializers.BooleanField(help_text="Whether it changes something for readers.")
    announced_at = Moment(allow_null=True, help_text="When its mails began, where they went before the page showed it.")
    published_at = Moment(help_text="From when the page shows it.")
    binds_everybody_from = _BindsEverybodyFrom(
        help_text="From when it binds every account; some may be bound before, by a mail or because they are new."
    )
    early_reason = serializers.CharField(help_text="Why it binds sooner than the site's rule says; else empty.")
    withdrawn_at = Moment(allow_null=True, help_text="Null unless it was published by mistake and taken back.")
    withdrawal_reason = serializers.CharField(help_text="What readers are told then; else empty.")


class FigureSerializer(serializers.Serializer[Any]):
    """A figure that the text took from a promise."""

    name = serializers.CharField()
    figure = serializers.CharField(help_text="As the profile wrote it, often a period.")
    words = serializers.CharField(help_text="As it stands in the text.")
    promise = serializers.CharField(
        source="code", default="", help_text="The promise, where the figure binds a period."
    )
    clause = serializers.CharField(default="", help_text="Where that promise is written; empty with it.")
    heading = serializers.CharField(default="", help_text="Above the figure in the text; may be empty.")
    setting = serializers.CharField(default="", help_text="The setting that it binds; empty where none carries it.")
    bound = serializers.CharField(default="", help_text="`ceiling` (at most), `floor` (at least), or empty.")


class WholeVersionSerializer(VersionSerializer):
    """One published version with its text."""

    format = word(TextFormat.values, source="form")
    text = serializers.CharField(help_text="Word for word as it was published.")
    figures = FigureSerializer(many=True, source="figure_rows", help_text="What the text took from promises.")


class BindingSerializer(serializers.Serializer[Any]):
    """What binds you of one document."""

    document = serializers.CharField()
    version = serializers.CharField(allow_null=True, help_text="The key of the version that binds you now.")
    since = Moment(allow_null=True)
    coming = serializers.CharField(
        allow_null=True, help_text="The key of the newest version that does not bind you yet."
    )
    coming_from = Moment(
        allow_null=True, help_text="From when it does; a mail that is still to go may bring it forward."
    )


class BindingsSerializer(serializers.Serializer[Any]):
    """What binds you, by document."""

    bindings = BindingSerializer(many=True)


class Bindings(Endpoint):
    """Which version of each document binds you now, and from when the next one does."""

    operation = "policies_binding"
    serializer_class = BindingsSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = versions_binding(user_key=str(request.user.pk), joined_at=joined_at(request.user), now=self.now)
        rows = [
            {
                "document": document,
                "version": one.version and one.version.pk,
                "since": one.since,
                "coming": one.coming and one.coming.pk,
                "coming_from": one.coming_from,
            }
            for document, one in sorted(found.items())
        ]
        return self.answer({"bindings": rows})


class Versions(ListEndpoint):
    """Every version that was ever published, the latest first."""

    operation = "policies"
    model = PolicyVersion
    serializer_class = VersionSerializer
    ordering = ("-published_at", "-key")

    def rows(self, request: Request) -> QuerySet[PolicyVersion]:
        return queries.published()


class Version(OneEndpoint):
    """One version with its text."""

    operation = "policy"
    model = PolicyVersion
    serializer_class = WholeVersionSerializer

    def rows(self, request: Request) -> QuerySet[PolicyVersion]:
        return queries.whole()


class WaySerializer(serializers.Serializer[Any]):
    """One way to reach somebody."""

    channel = word(("email", "form", "helpdesk", "chat", "phone", "post"))
    lines = serializers.ListField(child=serializers.CharField(), help_text="What is printed; several lines for post.")
    href = serializers.CharField(help_text="Where it leads; empty for post.")


class DeskSerializer(serializers.Serializer[Any]):
    """One queue that people can write to. Two of them may end in one mailbox."""

    queue = word(("contact", "officer"))
    title = serializers.CharField(help_text="What it is for, in the reader's language.")
    name = serializers.CharField(help_text="The person; may be empty.")
    ways = WaySerializer(many=True)


class AuthoritySerializer(serializers.Serializer[Any]):
    """Where to complain about the site; both may be empty."""

    name = serializers.CharField(source="authority")
    link = serializers.CharField(source="authority_link")


class ContactsSerializer(serializers.Serializer[Any]):
    """Who the site is, and how it is reached. Whatever the site does not name is empty."""

    entity = serializers.CharField(help_text="The company, or the name that the site goes by.")
    register_number = serializers.CharField()
    office = serializers.ListField(child=serializers.CharField(), help_text="The company's address, line by line.")
    roles = serializers.ListField(child=serializers.CharField(), help_text="One sentence for each declared role.")
    desks = DeskSerializer(many=True)
    authority = AuthoritySerializer(source="*")
    redress = serializers.CharField(help_text="That courts and agencies are open to people, or empty.")


class Contacts(Endpoint):
    """Who the site is, how it is reached, and where to complain about it."""

    operation = "policies_contacts"
    serializer_class = ContactsSerializer
    personal = False

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.answer(about(facts()))


urlpatterns = [
    path("contacts/", Contacts.as_view(), name="policies_contacts"),
    path("", Versions.as_view(), name="policies"),
    path("binding/", Bindings.as_view(), name="policies_binding"),
    # A key has dots, privacy.en.3.
    re_path(r"^(?P<key>[a-z][a-z0-9-]{0,39}\.[A-Za-z0-9-]{1,35}\.[0-9]{1,9})/$", Version.as_view(), name="policy"),
]
