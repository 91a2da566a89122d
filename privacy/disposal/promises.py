"""Live checks of the disposal room: is what was closed really gone, and is what stayed grounded?"""

from __future__ import annotations

from django.db.models import Q

from privacy.core.conf import settings
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.datamap import graph
from privacy.disposal.models import Closure, Sweep
from privacy.disposal.queries import due_by_site, rules


@live_check("disposal.closed_accounts_empty", "Closed accounts are empty in time")
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
        return Finding.broken(
            f"{late} closures are past their date or partial, and {waiting} accounts that the site closed itself "
            "still hold their data",
            f"{late + waiting} accounts",
        )
    done = Closure.objects.filter(status=Closure.Status.DONE).count()
    if not done and not Closure.objects.open().exists():
        return Finding.cannot_tell("closure: no account was closed yet")
    return Finding.kept("no closed account is past its date with data left", f"{done} closed accounts emptied")


@live_check("disposal.erasures_complete", "Every erasure was read back and found empty")
def erasures_complete(context: CheckContext) -> Finding:
    """HTC-5.1-4: no erasure ended with references left."""
    partial = Closure.objects.filter(status=Closure.Status.PARTIAL).count()
    left = Sweep.objects.failed().count()
    if partial or left:
        return Finding.broken(f"{partial} erasures are partial and {left} files could not be removed")
    done = Closure.objects.filter(status=Closure.Status.DONE).count()
    if not done:
        return Finding.cannot_tell("closure: nobody was erased yet")
    return Finding.kept("every erased account was read back and nothing was found", f"{done} erasures")


@live_check("disposal.kept_rows_grounded", "What outlives a person has a ground and an end")
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
        return Finding.broken(f"{groundless} kept rows have no ground or no end")
    if not declared and not kept:
        return Finding.cannot_tell("kept row: nothing is declared as kept")
    grounds = len({keep.ground for keep in declared})
    return Finding.kept("every kept row has a ground and an end", f"{kept} rows under {grounds} grounds")


@live_check("disposal.closures_verified", "Identity was confirmed before an account was removed")
def closures_verified(context: CheckContext) -> Finding:
    """CPT-8-3: no account was removed on request without a confirmed identity."""
    asked = Closure.objects.filter(requested_by__in=("member", "staff"), cut_off_at__isnull=False)
    total = asked.count()
    bare = asked.filter(verified_by__in=("", "session")).count()
    if bare:
        return Finding.broken(f"{bare} accounts were removed without a confirmed identity", f"{bare} of {total}")
    if not total:
        return Finding.cannot_tell("closure: no account was removed on request yet")
    return Finding.kept("identity was confirmed before every removal on request", f"{total} closures")


@live_check("disposal.source_erasable", "Data from an outside source can be erased by its source")
def source_erasable(context: CheckContext) -> Finding:
    """HTC-5.1-3: what came from an integrated service is declared, and goes with the person."""
    outside = [item for item in graph.declared() if item.source.partition(":")[0] in ("provider", "feed")]
    if not outside:
        return Finding.kept("the data map declares no data from an outside source, so none is left behind")
    unreached = [item.label for item in outside if not item.sides]
    if unreached:
        return Finding.broken(f"no path leads from the person to {', '.join(unreached)}")
    return Finding.kept("all data from outside sources is reached from its person", f"{len(outside)} models")


@live_check("disposal.self_erasure_offered", "A person can have the account erased without staff")
def self_erasure_offered(context: CheckContext) -> Finding:
    """HVR-0-3, HVR-11-5: the privacy page offers closing."""
    if not graph.declared():
        return Finding.cannot_tell("data map: nothing is declared")
    if "self" in rules().route:
        return Finding.kept("the privacy page offers closing the account")
    return Finding.broken("under the profile's closure route the privacy page does not offer closing")
