"""Live checks of the inventory against what the published text lists (K03)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from privacy.core.registries import CheckContext, Finding, live_check
from privacy.datamap import (
    graph,
    promises_of_rows,  # noqa: F401 - registers the checks about rows
)
from privacy.datamap.answers import by_host, client, external, own, verdict
from privacy.datamap.coverage import coverage
from privacy.datamap.decisions import needing, undecided
from privacy.datamap.faults import KINDS, SCOPES
from privacy.datamap.queries import rules
from privacy.promises.queries import facts


def _no_declaration() -> Finding:
    return Finding.cannot_tell(_("No table is declared yet."))


def _no_list(key: str) -> Finding:
    return Finding.cannot_tell(_("The profile's table [datamap] has no list %(key)s.") % {"key": key})


@live_check("datamap.every_field_decided", "Is every personal field in the inventory?", {"clauses": "flag"})
def every_field_decided(context: CheckContext) -> Finding:
    """HTC-0-2, HVR-2-1, HVR-2-2, CPT-1-1, HMY-2-1. ``params.clauses`` asks for a clause a table as well."""
    declared = graph.declared()
    site = coverage()
    if not declared and not site.undeclared:
        return _no_declaration()
    faults = [f"{item.label}.{item.field}" for item in site.undeclared]
    faults += [f"{item.label}.{field.name}" for item in declared for field in undecided(item)]
    if context.promise.params.get("clauses"):
        faults += [f"{item.label}.clause" for item in by_host(declared) if not item.data.clause]
    return verdict(
        declared,
        faults,
        _("Every table that leads to a person is declared, and every field of it is decided."),
        _("Nobody has looked at"),
    )


@live_check("datamap.scopes_named", "Does every table say whose data it is, ours or a client's?")
def scopes_named(context: CheckContext) -> Finding:
    """HTC-0-4: client data is kept apart from the site's own."""
    declared = graph.declared()
    if not declared:
        return _no_declaration()
    faults = [item.label for item in declared if item.scope not in SCOPES]
    faults += [item.label for item in client() if not item.controller]
    kept = _("Own and client data are told apart (our own tables: %(own)d, clients': %(client)d).")
    return verdict(
        declared, faults, kept % {"own": len(own()), "client": len(client())}, _("Scope or controller is missing on")
    )


@live_check(
    "datamap.roles_named",
    "Is the site's role named for its own and its clients' data?",
    {"own": "text", "client": "text"},
)
def roles_named(context: CheckContext) -> Finding:
    """HTC-0-4, HMY-1-2. ``params`` may give the promised role a scope: ``{"own": "controller"}``."""
    roles = facts().roles
    if not roles:
        return Finding.cannot_tell(_("The profile names no roles under [site.roles]."))
    wanted = {str(scope): str(role) for scope, role in context.promise.params.items() if scope in SCOPES}
    faults = [scope for scope, role in wanted.items() if roles.get(scope) != role]
    if client() and "client" not in roles:
        faults.append("client")
    return verdict(
        graph.declared(),
        faults,
        _("The site's role is %(roles)s.") % {"roles": ", ".join(f"{role} ({scope})" for scope, role in roles.items())},
        _("The role is missing, or another than promised, for"),
    )


@live_check(
    "datamap.bases_within",
    "Is every legal basis one that the text names?",
    {"purpose": "text", "bases": "texts"},
)
def bases_within(context: CheckContext) -> Finding:
    """HTC-2-1, HVR-3-2. ``params.purpose`` with ``params.bases`` asks for one purpose only."""
    given, purpose = context.promise.params.get("bases"), context.promise.params.get("purpose")
    if not given:
        found = rules()
        given = found.legal_bases if found else ()
    if not given:
        return _no_list("legal_bases")
    asked = [item for item in own() if not purpose or item.purpose == purpose]
    if not asked and purpose:
        return Finding.cannot_tell(_("No declared table serves the purpose %(name)s.") % {"name": purpose})
    if not asked:
        return _no_declaration()
    return verdict(
        asked,
        [f"{item.label} ({item.legal_basis})" for item in asked if item.legal_basis not in given],
        _("Every table rests on a basis that the text names."),
        _("The text does not name the legal basis of"),
    )


@live_check("datamap.purposes_within", "Is every purpose one that the text names?", {"source": "text", "kind": "text"})
def purposes_within(context: CheckContext) -> Finding:
    """HTC-2.3-2, HTC-3.2-1, HVR-3-1, CPT-2-1, HMY-4-1, ADS-1-3. ``params.source`` asks for data of one
    source only, ``params.kind`` for data of one kind, such as the ``usage`` that is measured by itself.
    """
    found = rules()
    if found is None or not found.purposes:
        return _no_list("purposes")
    params = context.promise.params
    source, kind = str(params.get("source", "")), str(params.get("kind", ""))
    asked = [item for item in (external(source) if source else own()) if not kind or item.kind == kind]
    if not asked and source:
        return Finding.cannot_tell(_("No table comes from this source."))
    if not asked and kind:
        return Finding.cannot_tell(_("No declared table is of the kind %(kind)s.") % {"kind": kind})
    if not asked:
        return _no_declaration()
    return verdict(
        asked,
        [f"{item.label} ({item.purpose})" for item in asked if item.purpose not in found.purposes],
        _("Every table serves a purpose that the text names."),
        _("The text does not name the purpose of"),
    )


@live_check("datamap.collection_points_within", "Does data come in only where the text says?")
def collection_points_within(context: CheckContext) -> Finding:
    """HTC-2.1-1, HVR-2-1, HMY-3-1: what people give, table by table."""
    found = rules()
    if found is None or not found.collection_points:
        return _no_list("collection_points")
    asked = [item for item in own() if item.source == "given"]
    if not asked:
        return _no_declaration()
    return verdict(
        asked,
        [
            f"{item.label} ({', '.join(item.data.collected_at) or '–'})"
            for item in asked
            if not item.data.collected_at or not set(item.data.collected_at) <= set(found.collection_points)
        ],
        _("Every table names the points where its data is given, and the text names them too."),
        _("The text does not name where this is collected:"),
    )


@live_check("datamap.sources_registered", "Is every outside source named?", {"source": "text"})
def sources_registered(context: CheckContext) -> Finding:
    """HTC-2.3-2, HTC-2.5-1, CPT-1-3, HVR-2-4."""
    source = str(context.promise.params.get("source", ""))
    asked = external(source)
    if not asked:
        return Finding.cannot_tell(_("No declared table comes from outside."))
    found = rules()
    listed = found.sources if found else ()
    faults = [
        f"{item.label} ({item.source})"
        for item in asked
        if not (name := item.source.partition(":")[2].strip()) or (listed and name not in listed)
    ]
    return verdict(asked, faults, _("Every outside source is named."), _("The source is not named, or not listed, of"))


@live_check("datamap.required_fields_reasoned", "Does every required field say which feature needs it?")
def required_fields_reasoned(context: CheckContext) -> Finding:
    """HTC-5.1-8, CPT-1-6: a field a form may not leave empty has the feature that needs it."""
    asked = [item for item in by_host(own()) if item.source == "given" and item.kind == "identifying"]
    if not asked:
        return _no_declaration()
    faults = []
    for item in asked:
        personal = {field.name for field in needing(item)} - set(item.data.plain)
        for field in item.model._meta.local_concrete_fields:
            required = field.name in personal and field.editable and not field.blank and not field.has_default()
            if required and not item.data.required.get(field.name, "").strip():
                faults.append(f"{item.label}.{field.name}")
        faults += [f"{item.label}.{name}" for name, reason in item.data.required.items() if not reason.strip()]
    return verdict(
        asked,
        list(dict.fromkeys(faults)),
        _("Every field that must be filled in names the feature that needs it."),
        _("No feature is named that needs"),
    )


@live_check("datamap.kinds_named", "Does every table say how it points to a person?")
def kinds_named(context: CheckContext) -> Finding:
    """HMY-1-1: identifying, linked in combination, or usage data gathered automatically."""
    declared = graph.declared()
    if not declared:
        return _no_declaration()
    faults = [item.label for item in declared if item.kind not in KINDS]
    faults += [item.label for item in declared if item.kind == "usage" and item.source == "given"]
    return verdict(
        declared, faults, _("Every table says how it points to a person."), _("The kind is missing or wrong on")
    )
