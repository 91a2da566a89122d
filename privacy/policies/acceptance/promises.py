"""Live checks: is every acceptance that the text speaks of in the ledger, with all its versions, as it was written?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, F, Min, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.conf import settings
from privacy.core.people import created_field
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.datamap.rows import key_as_text
from privacy.evidence import triggers
from privacy.policies.acceptance.commitments import is_proved
from privacy.policies.acceptance.models import Acceptance, AcceptanceContext, AcceptedVersion, Event
from privacy.policies.acceptance.timeline import covered
from privacy.policies.acceptance.writing import using
from privacy.policies.binding import binds_everybody_from, leading
from privacy.policies.models import PolicyVersion
from privacy.policies.rules import PolicyRules, policy_rules

#: So many of the newest proofs are worked out anew each time.
_PROOFS = 2_000


@live_check("policies.signup_accepted", "Did everybody who signed up accept the version that bound them then?")
def signup_accepted(context: CheckContext) -> Finding:
    """HTC-0-1, HVR-0-2, CPT-0-2: 0 = account[no acceptance at sign-up].

    Accounts that are older than the first version are *before app*: they are asked, and never filled in. Staff are not
    counted: the site itself made their accounts.
    """
    rules = policy_rules()
    began, made = _began(rules), created_field()
    if began is None:
        return _nothing()
    if not made:
        return Finding.cannot_tell(_("The user model does not tell when an account was made."))
    if torn := _torn():
        return torn
    accounts = _accounts().filter(**{f"{made}__gt": began})
    if not accounts.exists():
        return Finding.cannot_tell(_("Nobody has signed up since the first version was published."))
    mine = _accepted(rules).filter(acceptance__event=Event.SIGNUP)
    if missing := accounts.exclude(Exists(mine)).count():
        why = ngettext(
            "%(n)d account was made without an acceptance.", "%(n)d accounts were made without an acceptance.", missing
        )
        return Finding.broken(why % {"n": missing}, str(missing))
    return Finding.kept(_("Every account that was made since has its acceptance."), str(accounts.count()))


@live_check(
    "policies.acts_accepted",
    "Does every act that counts as agreement have its acceptance?",
    {"event": "text", "model": "text", "at": "text", "person": "text"},
)
def acts_accepted(context: CheckContext) -> Finding:
    """HVR-0-2, CPT-4-3: 0 = contact message or order[no acceptance].

    ``params.event`` is the act; ``params.model`` the site's own table of it, whose rows the site names in ``about`` as
    ``"shop.Order 17"``; ``params.at`` its moment; ``params.person`` the way to the account, so that rows are left out
    whose account is gone. Without a table the ledger alone is looked at.
    """
    params = context.promise.params
    event = str(params.get("event", Event.PURCHASE))
    rules = policy_rules()
    began = _began(rules)
    if began is None:
        return _nothing()
    if torn := _torn():
        return torn
    written = Acceptance.objects.filter(event=event)
    if not params.get("model"):
        if not written.exists():
            return Finding.cannot_tell(_("No such act was written down yet."))
        return Finding.kept(_("Each such act was written down with its versions."), str(written.count()))
    rows = _rows(params, began)
    if rows is None:
        return Finding.cannot_tell(_("The table of these acts is not on this site."))
    if not rows.exists():
        return Finding.cannot_tell(_("No such act has happened since the first version was published."))
    if missing := rows.filter(~Exists(_about(params, event))).count():
        why = ngettext(
            "%(n)d act has no acceptance in the ledger.", "%(n)d acts have no acceptance in the ledger.", missing
        )
        return Finding.broken(why % {"n": missing}, str(missing))
    return Finding.kept(_("Every such act has its acceptance."), str(rows.count()))


@live_check("policies.companions_accepted", "Does each acceptance name the versions of all documents with it?")
def companions_accepted(context: CheckContext) -> Finding:
    """HTC-0-3, CPT-0-3: 0 = acceptance[companion's version empty]."""
    rules = policy_rules()
    wanted = [one for one in covered(rules) if one not in rules.acceptance.documents]
    if not wanted:
        return Finding.cannot_tell(_("No document of the profile has a companion."))
    if not Acceptance.objects.exists():
        return Finding.cannot_tell(_("Nobody has accepted anything yet."))
    if torn := _torn():
        return torn
    named = AcceptedVersion.objects.filter(acceptance=OuterRef("pk"), version__isnull=False)
    lacking = sum(Acceptance.objects.exclude(Exists(named.filter(document=one))).count() for one in wanted)
    if lacking:
        why = ngettext(
            "%(n)d acceptance does not say which version of %(documents)s went with it.",
            "%(n)d acceptances do not say which version of %(documents)s went with them.",
            lacking,
        )
        return Finding.broken(why % {"n": lacking, "documents": ", ".join(wanted)}, str(lacking))
    return Finding.kept(_("Every acceptance names all its versions."), str(Acceptance.objects.count()))


@live_check("policies.continued_use_accepted", "Did everybody accept the new version who went on to use the site?")
def continued_use_accepted(context: CheckContext) -> Finding:
    """HTC-14-2, CPT-14-5: 0 = account[used after effective, no acceptance of it]. Using is signing in; T15: no consent.

    What counts is the newest version that binds everybody.
    """
    rules = policy_rules()
    newest = _binding_everybody(rules, context.now)
    if not newest:
        return _nothing()
    if not _has_field("last_login"):
        return Finding.cannot_tell(_("The user model does not tell who signed in."))
    if torn := _torn():
        return torn
    users = missing = 0
    for version, moment in newest.values():
        active = _accounts().filter(last_login__gte=moment)
        since = _accepted(rules).filter(document=version.document_id, version__published_at__gte=version.published_at)
        users += active.count()
        missing += active.exclude(Exists(since)).count()
    if missing:
        why = ngettext(
            "%(n)d account went on without an acceptance of the new version.",
            "%(n)d accounts went on without an acceptance of the new version.",
            missing,
        )
        return Finding.broken(why % {"n": missing}, str(missing))
    if not users:
        return Finding.cannot_tell(_("Nobody has signed in since the newest version binds everybody."))
    return Finding.kept(_("Whoever signed in since has accepted it."), str(users))


@live_check("policies.newcomers_newest", "Did whoever signed up accept the newest version of that moment?")
def newcomers_newest(context: CheckContext) -> Finding:
    """CPT-14-4: 0 = account[joined after publication, older version]."""
    signups = AcceptedVersion.objects.filter(acceptance__event=Event.SIGNUP, version__isnull=False)
    if not signups.exists():
        return Finding.cannot_tell(_("Nobody has accepted anything at sign-up yet."))
    if torn := _torn():
        return torn
    newer = PolicyVersion.objects.filter(
        Q(withdrawal__isnull=True) | Q(withdrawal__at__gt=OuterRef("acceptance__at")),
        document=OuterRef("document"),
        language=OuterRef("version__language"),
        number__gt=OuterRef("version__number"),
        published_at__lte=OuterRef("acceptance__at"),
    )
    if older := signups.filter(Exists(newer)).count():
        why = ngettext("%(n)d newcomer accepted an older version.", "%(n)d newcomers accepted an older version.", older)
        return Finding.broken(why % {"n": older}, str(older))
    return Finding.kept(_("Every newcomer accepted the newest version of that moment."), str(signups.count()))


def _nothing() -> Finding:
    return Finding.cannot_tell(_("No document that is accepted was published yet."))


def _began(rules: PolicyRules) -> datetime | None:
    """When there was first something to accept."""
    rows = PolicyVersion.objects.filter(document_id__in=rules.acceptance.documents)
    began: datetime | None = rows.aggregate(first=Min("published_at"))["first"]
    return began


def _accounts() -> QuerySet[Any]:
    """Everybody but staff, with ``_who``: the key as the ledger has it."""
    model = get_user_model()
    rows: QuerySet[Any] = QuerySet(model)
    rows = rows.filter(is_staff=False) if _has_field("is_staff") else rows
    found: QuerySet[Any] = rows.alias(_who=key_as_text(model, rows.db))
    return found


def _accepted(rules: PolicyRules) -> QuerySet[AcceptedVersion]:
    """What the account of the outer row accepted."""
    return AcceptedVersion.objects.filter(
        document__in=rules.acceptance.documents,
        version__isnull=False,
        acceptance__context__user_key=OuterRef("_who"),
    )


def _rows(params: Any, began: datetime) -> QuerySet[Any] | None:
    """The site's own rows of an act since the ledger began; None where it has no such table."""
    try:
        model: type[Model] = apps.get_model(str(params["model"]))
    except (LookupError, ValueError):
        return None
    rows: QuerySet[Any] = QuerySet(model)
    if params.get("at"):
        rows = rows.filter(**{f"{params['at']}__gt": began})
    if params.get("person"):
        rows = rows.filter(**{f"{params['person']}__isnull": False})
    found: QuerySet[Any] = rows.alias(_who=key_as_text(model, rows.db))
    return found


def _about(params: Any, event: str) -> QuerySet[AcceptanceContext]:
    """Acceptances about the outer row."""
    named = Concat(Value(f"{params['model']} "), OuterRef("_who"))
    return AcceptanceContext.objects.alias(_named=named).filter(about=F("_named"), acceptance__event=event)


def _binding_everybody(rules: PolicyRules, now: datetime) -> dict[str, tuple[PolicyVersion, datetime]]:
    """By document the newest version that binds everybody, and from when."""
    rows = PolicyVersion.objects.filter(document_id__in=rules.acceptance.documents).standing().without_text()
    found: dict[str, tuple[PolicyVersion, datetime]] = {}
    for document, some in leading(rows.order_by("document_id", "language", "-number"), now).items():
        moments = ((row, binds_everybody_from(row)) for row in some)
        if newest := next((pair for pair in moments if pair[1] <= now), None):
            found[document] = newest
    return found


def _has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _torn() -> Finding | None:
    """That the ledger is not what was written; nothing where it is."""
    if settings.evidence_triggers and triggers.missing(using()):
        return Finding.broken(_("The database would let the ledger be altered: its triggers are missing."))
    newest = AcceptanceContext.objects.select_related("acceptance").prefetch_related("acceptance__versions")
    altered = sum(not is_proved(one.acceptance, one) for one in newest.order_by("-pk")[:_PROOFS])
    if not altered:
        return None
    why = ngettext("%(n)d acceptance is not what was written.", "%(n)d acceptances are not what was written.", altered)
    return Finding.broken(why % {"n": altered}, str(altered))
