"""Live checks about single kinds of rows: events, joined data, statistics, client data (K03)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import DateTimeField, F, GenericIPAddressField, QuerySet
from django.utils.translation import gettext as _

from privacy.core.addresses import shorten
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.datamap import graph
from privacy.datamap.answers import by_host, client, external, own, verdict
from privacy.datamap.graph import Declared
from privacy.datamap.queries import rules


@live_check("datamap.linked_metadata_covered", "Are times, regions and preferences treated as personal?")
def linked_metadata_covered(_context: CheckContext) -> Finding:
    """HTC-2.1-2: metadata that hangs on a person is exported and erased with them."""
    asked = [item for item in by_host(own()) if item.kind in ("linked", "usage") and item.subject_words]
    if not asked:
        return Finding.cannot_tell(_("No declared table holds metadata of a person."))
    return _covered(asked, ends=False, kept=_("Metadata is exported and erased with its person."))


@live_check("datamap.joined_data_covered", "Is data from outside treated like the member's own?")
def joined_data_covered(_context: CheckContext) -> Finding:
    """HTC-2.5-2: joined rows enter export, erasure and retention."""
    asked = [item for item in external() if item.scope != "client"]
    if not asked:
        return Finding.cannot_tell(_("No declared table comes from outside."))
    return _covered(asked, ends=True, kept=_("Data from outside is exported, erased and ended like the rest."))


@live_check(
    "datamap.statistics_covered",
    "Are counts about a member treated as the member's data?",
    {"categories": "texts"},
)
def statistics_covered(context: CheckContext) -> Finding:
    """HTC-3.5-4. ``params.categories`` names the categories; ``statistics`` by default."""
    categories = context.promise.params.get("categories", ["statistics"])
    asked = [item for item in own() if item.category in categories]
    if not asked:
        return Finding.cannot_tell(
            _("No declared table has the category %(names)s.") % {"names": ", ".join(categories)}
        )
    return _covered(asked, ends=True, kept=_("Counts about members are exported, erased and ended."))


@live_check("datamap.mail_events_ruled", "Do notes about opened mails have an end?", {"categories": "texts"})
def mail_events_ruled(context: CheckContext) -> Finding:
    """HTC-2.2-2. ``params.categories`` names the categories; ``mail events`` by default."""
    categories = context.promise.params.get("categories", ["mail events"])
    asked = [item for item in own() if item.category in categories]
    if not asked:
        return Finding.cannot_tell(
            _("No declared table has the category %(names)s.") % {"names": ", ".join(categories)}
        )
    return _covered(asked, ends=True, kept=_("Notes about opened mails are exported, erased and ended."))


@live_check("datamap.event_fields_within", "Is only logged what the text names?")
def event_fields_within(_context: CheckContext) -> Finding:
    """HTC-2.2-1, CPT-1-4, ADS-1-2: names of event fields, and the form in which addresses are stored."""
    found = rules()
    if found is None or not found.event_fields:
        return Finding.cannot_tell(_("The profile's table [datamap] has no list event_fields."))
    asked = [item for item in own() if item.kind == "usage"]
    if not asked:
        return Finding.cannot_tell(_("No declared table is of the kind usage."))
    faults = [
        f"{item.label}.{field} ({name})"
        for item in asked
        for field, name in _event_fields(item)
        if name not in found.event_fields
    ]
    faults += [name for item in asked for name in _addresses_beyond(item, found.ip)]
    return verdict(
        asked,
        faults,
        _("What is logged automatically is what the text names."),
        _("The text does not name this, or not in this form:"),
    )


@live_check("datamap.client_data_guarded", "Does the site's own running leave client data alone?")
def client_data_guarded(_context: CheckContext) -> Finding:
    """HTC-3.1-1: no table for the site's own purposes is reached through a client's."""
    asked = client()
    if not asked:
        return Finding.cannot_tell(_("No declared table holds client data."))
    guarded = {item.model for item in asked}
    faults = [item.label for item in own() for side in item.sides if guarded & _crossed(item, side.path)]
    faults += [item.label for item in asked if item.data.export]
    return verdict(
        asked,
        faults,
        _("Client data belongs to its controllers, and no own purpose reaches through it."),
        _("Client data is used by, or leaves with,"),
    )


@live_check("datamap.client_content_scoped", "Is everything that hangs on client data marked as the client's?")
def client_content_scoped(_context: CheckContext) -> Finding:
    """HVR-10-1."""
    asked = client()
    if not asked:
        return Finding.cannot_tell(_("No declared table holds client data."))
    guarded = {item.model for item in asked}
    faults = [
        f"{item.label}.{field.name}"
        for item in own()
        for field in item.model._meta.concrete_fields
        if field.is_relation and field.related_model in guarded
    ]
    return verdict(
        asked, faults, _("What clients store is marked as theirs."), _("This hangs on client data, but is not:")
    )


def _covered(asked: Sequence[Declared], *, ends: bool, kept: str) -> Finding:
    faults = []
    for item in asked:
        if not item.sides:
            faults.append(f"{item.label} ({_('erasure')})")
        if not item.data.export:
            faults.append(f"{item.label} ({_('export')})")
        if ends and not item.expiries and not item.keeps:
            faults.append(f"{item.label} ({_('end')})")
    return verdict(asked, faults, kept, _("This is missing:"))


def _event_fields(item: Declared) -> Iterator[tuple[str, str]]:
    for field in item.model._meta.local_concrete_fields:
        if field.primary_key or field.is_relation or field.name in item.data.plain:
            continue
        own_name = "time" if isinstance(field, DateTimeField) else field.name
        yield field.name, item.data.event_fields.get(field.name, own_name)


def _addresses_beyond(item: Declared, mode: str) -> Iterator[str]:
    """Columns that hold addresses in a fuller form than promised; one look-up a column."""
    if mode == "full":
        return
    for field in item.model._meta.local_concrete_fields:
        if isinstance(field, GenericIPAddressField):
            rows: QuerySet[Any] = QuerySet(item.model, using=item.using).exclude(**{f"{field.name}__isnull": True})
            if mode == "shortened":
                rows = rows.annotate(_short=shorten(field.name, 24, 48)).exclude(**{field.name: F("_short")})
            if rows.exists():
                yield f"{item.label}.{field.name} ({mode})"


def _crossed(item: Declared, path: str) -> set[object]:
    """Models on the way of a path, the last one left out."""
    found: set[object] = set()
    here = item.model
    for part in path.split("__") if path else ():
        related = here._meta.get_field(part).related_model
        if related is None or related is graph.user_model():
            break
        here = related
        found.add(here)
    return found
