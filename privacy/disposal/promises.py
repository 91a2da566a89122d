"""Live checks of the disposal room: is what was closed really gone, and is what stayed grounded?"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check, providers
from privacy.datamap import graph
from privacy.disposal.holds import promises as promises_of_holds  # noqa: F401
from privacy.disposal.journal import files
from privacy.disposal.journal.keeping import lost, over_segments, unwritten
from privacy.disposal.journal.restores import is_restored
from privacy.disposal.models import Closure, StoreReceipt, Sweep
from privacy.disposal.orphans import any_row_names_an_account, orphans
from privacy.disposal.queries import due_by_site, rules, store_standings

#: A segment whose last backup went with last night's expiry goes in that night; one that is older was forgotten.
_A_NIGHT = timedelta(hours=26)


@live_check("disposal.closed_accounts_empty", "Are closed accounts empty in time?", {"tolerance": "period"})
def closed_accounts_empty(context: CheckContext) -> Finding:
    """HTC-10-3, HVR-11-2: no account is past its date with data left.

    ``params.tolerance`` (``PT5M``) is what files and stores may take after the transaction.
    """
    tolerance = Period.parse(context.promise.params.get("tolerance", "P0D"), field="params.tolerance")
    limit = tolerance.cutoff(context.now, settings.calendar)
    # A closure that failed is broken at once: it waits for the night, not for its tolerance.
    late = Closure.objects.filter(
        Q(pk__in=Closure.objects.overdue(limit).values("pk")) | Q(status=Closure.Status.PARTIAL)
    ).count()
    waiting = due_by_site(limit)
    if late or waiting:
        found = [
            (
                late,
                ngettext(
                    "%(n)d closure is past its date or partial.", "%(n)d closures are past their date or partial.", late
                ),
            ),
            (
                waiting,
                ngettext(
                    "%(n)d account that the site closed itself still holds its data.",
                    "%(n)d accounts that the site closed itself still hold their data.",
                    waiting,
                ),
            ),
        ]
        return Finding.broken(" ".join(words % {"n": count} for count, words in found if count))
    done = Closure.objects.filter(status=Closure.Status.DONE).count()
    if not done and not Closure.objects.open().exists():
        return Finding.cannot_tell(_("No account was closed yet, so there is no closure to look at."))
    emptied = ngettext("%(n)d closed account emptied", "%(n)d closed accounts emptied", done)
    return Finding.kept(_("No closed account is past its date with data left."), emptied % {"n": done})


@live_check("disposal.erasures_complete", "Was every erasure read back and found empty?")
def erasures_complete(context: CheckContext) -> Finding:
    """HTC-5.1-4: no erasure ended with references left, and nobody went without one and left rows behind."""
    partial = Closure.objects.filter(status=Closure.Status.PARTIAL).count()
    left = Sweep.objects.failed().count()
    people, _tables = orphans()
    if partial or left or people:
        found = [
            (people, _left_behind(people)),
            (partial, ngettext("%(n)d erasure is partial.", "%(n)d erasures are partial.", partial)),
            (left, ngettext("%(n)d file could not be removed.", "%(n)d files could not be removed.", left)),
        ]
        return Finding.broken(" ".join(words % {"n": count} for count, words in found if count))
    done = Closure.objects.filter(status=Closure.Status.DONE).count()
    if not done:
        return Finding.cannot_tell(_("Nobody was erased yet, so there is no closure to look at."))
    erased = ngettext("%(n)d erasure", "%(n)d erasures", done)
    return Finding.kept(_("Every erased account was read back and nothing was found."), erased % {"n": done})


@live_check(
    "disposal.stores_confirmed", "Did every outside place confirm that nothing is left?", {"tolerance": "period"}
)
def stores_confirmed(context: CheckContext) -> Finding:
    """HTC-5.1-4, HTC-10-3: every external store confirmed what it was asked.

    ``params.tolerance`` (``PT5M``) is what a store that was not asked yet may take after the transaction; any
    answer but a confirmation is broken at once.
    """
    tolerance = Period.parse(context.promise.params.get("tolerance", "P0D"), field="params.tolerance")
    limit = tolerance.cutoff(context.now, settings.calendar)
    in_time = Q(answer=StoreReceipt.Answer.WAITING, opened_at__gt=limit)
    late = list(
        StoreReceipt.objects.open().exclude(in_time).order_by("store").values_list("store").annotate(Count("pk"))
    )
    if late:
        places = ", ".join(f"{name} ({count})" for name, count in late)
        return Finding.broken(_("Not confirmed, by place and number of people: %(places)s.") % {"places": places})
    standings = store_standings()
    if never := [store.name for store in standings if store.unasked]:
        why = _("%(places)s was declared after accounts had been erased, and was never asked about them.")
        return Finding.cannot_tell(why % {"places": ", ".join(never)})
    confirmed = sum(store.confirmed for store in standings)
    if not confirmed:
        return Finding.cannot_tell(
            _("No outside place was asked about anybody yet, so there is no receipt to look at.")
            if standings
            else _("No place outside the database is declared, so there is no receipt to look at.")
        )
    receipts = ngettext("%(n)d receipt", "%(n)d receipts", confirmed)
    return Finding.kept(
        _("Every outside place confirmed that nothing is left of those it was asked about."),
        receipts % {"n": confirmed},
    )


def _left_behind(people: int) -> str:
    return ngettext(
        "%(n)d person is gone without a closure and has left rows behind.",
        "%(n)d people are gone without a closure and have left rows behind.",
        people,
    )


@live_check("disposal.no_orphans", "Has nobody who is gone left rows behind?")
def no_orphans(context: CheckContext) -> Finding:
    """HTC-5.1-4, HTC-10-3: no row names an account that does not exist any more.

    Rows that only an e-mail address or a user name leads to cannot be told: addresses of strangers look the same.
    """
    people, tables = orphans()
    if people:
        return Finding.broken(
            _left_behind(people) % {"n": people}, _("found in %(tables)s") % {"tables": ", ".join(tables)}
        )
    if not any_row_names_an_account():
        return Finding.cannot_tell(_("No row names an account, so there is none to look for."))
    return Finding.kept(_("Every account that a row names exists, or is being closed."))


@live_check("disposal.kept_rows_grounded", "Has what outlives a person a ground and an end?")
def kept_rows_grounded(context: CheckContext) -> Finding:
    """HTC-5.1-7, HTC-10-2, CPT-9-5: whatever survived an erasure is listed with ground and end."""
    groundless = 0
    kept = 0
    closures = Closure.objects.filter(erased_at__isnull=False).exclude(kept=[])
    seen = set()
    for batch, items in closures.values_list("batch", "kept").iterator():
        if batch in seen:
            continue
        seen.add(batch)
        kept += sum(item["rows"] for item in items)
        groundless += sum(item["rows"] for item in items if not item["ground"] or not item["until"])
    declared = [keep for item in graph.declared() for keep in item.keeps]
    if groundless:
        why = ngettext(
            "%(n)d kept row has no ground or no end.", "%(n)d kept rows have no ground or no end.", groundless
        )
        return Finding.broken(why % {"n": groundless})
    if not declared and not kept:
        return Finding.cannot_tell(_("Nothing is declared as kept, and no closure kept a row."))
    grounds = len({keep.ground for keep in declared})
    return Finding.kept(
        _("Every kept row has a ground and an end."),
        _("rows kept by closures: %(rows)d, declared grounds: %(grounds)d") % {"rows": kept, "grounds": grounds},
    )


@live_check("disposal.erasures_replayable", "Would a restored backup be cleaned of whoever was erased since?")
def erasures_replayable(context: CheckContext) -> Finding:
    """HTC-10-4, HVR-11-2 (K09): every erasure since the oldest backup stands in the journal, and none for longer."""
    if files.folder() is None:
        ask = providers.find("oldest_backup")
        if ask is None or ask(now=context.now) is None:
            return Finding.cannot_tell(_("There is no backup, and the site keeps no journal."))
        return Finding.broken(_("Backups exist and the site keeps no journal: PRIVACY['JOURNAL_DIR'] is not set."))
    if is_restored():
        return Finding.broken(_("The database was restored, and the journal was not applied again yet."))
    if lost():
        return Finding.broken(
            _("The journal's folder was emptied: nobody knows who was erased since the oldest backup.")
        )
    late, undecided = unwritten(context.now), Closure.objects.filter(status=Closure.Status.UNDECIDED).count()
    if late or undecided:
        found = [
            (
                late,
                ngettext(
                    "%(n)d page of the journal could not be written.",
                    "%(n)d pages of the journal could not be written.",
                    late,
                ),
            ),
            (
                undecided,
                ngettext(
                    "%(n)d account waits for a decision since a restore.",
                    "%(n)d accounts wait for a decision since a restore.",
                    undecided,
                ),
            ),
        ]
        return Finding.broken(" ".join(words % {"n": count} for count, words in found if count))
    over = len(over_segments(context.now - _A_NIGHT))
    if over:
        why = ngettext(
            "%(n)d segment of the journal outlived the last backup that needs it.",
            "%(n)d segments of the journal outlived the last backup that needs them.",
            over,
        )
        return Finding.broken(why % {"n": over})
    days = len({segment.day for segment in files.segments()})
    if not days:
        return Finding.cannot_tell(_("Nobody was erased yet, so the journal is empty."))
    figure = ngettext("a journal of %(n)d day", "a journal of %(n)d days", days) % {"n": days}
    return Finding.kept(_("Whoever was erased since the oldest backup would be erased again after a restore."), figure)


@live_check("disposal.closures_verified", "Was an identity confirmed before each removal on request?")
def closures_verified(context: CheckContext) -> Finding:
    """CPT-8-3: no account was removed on request without a confirmed identity."""
    asked = Closure.objects.filter(requested_by__in=("member", "staff"), cut_off_at__isnull=False)
    total = asked.count()
    bare = asked.filter(verified_by__in=("", "session")).count()
    if bare:
        why = ngettext(
            "%(n)d account was removed without a confirmed identity.",
            "%(n)d accounts were removed without a confirmed identity.",
            bare,
        )
        return Finding.broken(why % {"n": bare}, _("%(part)d of %(total)d") % {"part": bare, "total": total})
    if not total:
        return Finding.cannot_tell(_("No account was removed on request yet, so there is no closure to look at."))
    closures = ngettext("%(n)d closure", "%(n)d closures", total)
    return Finding.kept(_("An identity was confirmed before every removal on request."), closures % {"n": total})


@live_check("disposal.source_erasable", "Does data from an outside source go with its person?", {"source": "text"})
def source_erasable(context: CheckContext) -> Finding:
    """HTC-5.1-3: what came from an integrated service is declared, and goes with the person.

    ``params.source`` asks for ``"provider"`` or ``"feed"`` only.
    """
    asked = context.promise.params.get("source")
    kinds = (asked,) if asked else ("provider", "feed")
    outside = [item for item in graph.declared() if item.source.partition(":")[0] in kinds]
    if not outside:
        return Finding.cannot_tell(_("No declared table comes from such an outside source."))
    unreached = [item.label for item in outside if not item.sides]
    if unreached:
        return Finding.broken(_("No path leads from the person to %(names)s.") % {"names": ", ".join(unreached)})
    tables = ngettext("%(n)d table", "%(n)d tables", len(outside))
    return Finding.kept(_("All data from outside sources is reached from its person."), tables % {"n": len(outside)})


@live_check("disposal.self_erasure_offered", "Can people close their account without staff?")
def self_erasure_offered(context: CheckContext) -> Finding:
    """The privacy page offers closing, under the profile's ``[closure] route``."""
    if not graph.declared():
        return Finding.cannot_tell(_("No table is declared yet."))
    if "self" in rules().route:
        return Finding.kept(_("The privacy page offers closing the account."))
    return Finding.broken(_("Under the profile's closure route the privacy page does not offer closing."))
