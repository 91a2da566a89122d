"""Live checks: is anything over its end, does everything have one, and did the night really run."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.core.words import number
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Shorten
from privacy.retention import logs
from privacy.retention.declarations import DeclaredEnd, addresses_without_an_end, without_a_rule
from privacy.retention.ending import Rulebook
from privacy.retention.models import Schedule
from privacy.retention.night import SCHEDULES
from privacy.retention.queries import last_time
from privacy.retention.querysets import ScheduleQuerySet
from privacy.retention.rules import rules


@live_check(
    "retention.nothing_over_its_end",
    "Is every row younger than its schedule's end, and did the night run in time?",
    {"categories": "texts"},
)
def nothing_over_its_end(context: CheckContext) -> Finding:
    """HVR-11-4, HTC-10-1. ``params.categories`` narrows it to some categories.

    A missed night is a broken promise by itself, even when nothing happens to be over: nobody looked.
    """
    schedules = _promised_schedules(context).expiries()
    return _longer_than_promised(context, schedules) or _nothing_over(context, schedules)


@live_check("retention.every_category_has_a_rule", "Does every category have a rule that ends it?")
def every_category_has_a_rule(context: CheckContext) -> Finding:
    """HTC-10-1, CPT-9-1: an expiry, or an account whose closure takes the rows along."""
    declared = graph.declared()
    if not declared:
        return Finding.cannot_tell(_("No table is declared yet."))
    bare = set(without_a_rule())
    categories = {item.category for item in declared}
    missing = sorted({item.category or item.label for item in declared if item.label in bare})
    if missing:
        why = _("No rule ends these categories: %(names)s.") % {"names": ", ".join(missing)}
        return Finding.broken(why, _share(len(missing), len(categories), _("categories")))
    return Finding.kept(_("Each category ends with its account, or by a schedule."), str(len(categories)))


@live_check("retention.every_rule_ends", "Has every rule an end that the night carries out?")
def every_rule_ends(context: CheckContext) -> Finding:
    """CPT-9-3: no rule without an end. A paused schedule ends nothing, nor does one that was never made."""
    if not graph.declared():
        return Finding.cannot_tell(_("No table is declared yet."))
    ends = Rulebook(context.now).ends
    known = {schedule.name: schedule for schedule in Schedule.objects.declared()}
    endless = sorted(
        [*without_a_rule(), *ends.broken]
        + [name for name in ends.by_name if name not in known]
        + [name for name, schedule in known.items() if schedule.paused]
    )
    if endless:
        why = _("Nothing ends these, or their schedule is paused: %(names)s.") % {"names": ", ".join(endless)}
        return Finding.broken(why, str(len(endless)))
    return Finding.kept(_("Every rule has an end, and no schedule is paused."), str(len(known)))


@live_check("retention.addresses_shortened", "Are IP addresses shortened or removed after their delay?")
def addresses_shortened(context: CheckContext) -> Finding:
    """HTC-9-3."""
    bare = addresses_without_an_end()
    if bare:
        why = _("Nothing ever shortens these addresses: %(names)s.") % {"names": ", ".join(sorted(bare))}
        return Finding.broken(why, str(len(bare)))
    ends = Rulebook(context.now).ends.by_name
    names = [name for name, end in ends.items() if _shortens(end)]
    if not names:
        return Finding.cannot_tell(_("No declared schedule shortens addresses."))
    return _nothing_over(context, Schedule.objects.declared().filter(name__in=names))


@live_check(
    "retention.kept_rows_have_end",
    "Do rows that outlive their person have a reason, and go when it ends?",
    {"grounds": "texts"},
)
def kept_rows_have_end(context: CheckContext) -> Finding:
    """HTC-5.1-7, CPT-9-5: an exception has a reason among those the text names, and an end."""
    return _unreasoned(context) or _nothing_over(context, Schedule.objects.declared().keeps())


@live_check(
    "retention.after_periods_reasoned",
    "Has every period after closure a reason that the text allows?",
    {"grounds": "texts"},
)
def after_periods_reasoned(context: CheckContext) -> Finding:
    """CPT-9-2."""
    unreasoned = _unreasoned(context)
    if unreasoned:
        return unreasoned
    count = sum(end.kind == "keep" for end in Rulebook(context.now).ends.by_name.values())
    return Finding.kept(_("Each exception names its reason and its end."), str(count))


def _promised_schedules(context: CheckContext) -> ScheduleQuerySet:
    schedules = Schedule.objects.declared()
    categories = context.promise.params.get("categories")
    return schedules.filter(category__in=categories) if categories else schedules


def _longer_than_promised(context: CheckContext, schedules: Iterable[Schedule]) -> Finding | None:
    """A promise's ceiling binds one category as a setting; its other categories are held to the figure here."""
    if context.promise.bound != "ceiling":
        return None
    book, promised = Rulebook(context.now), Period.parse(context.promise.figure, field="figure")
    longer = sorted(schedule.name for schedule in schedules if book.period(schedule).may_outlast(promised))
    if not longer:
        return None
    why = _("These schedules may last longer than %(figure)s: %(names)s.")
    return Finding.broken(why % {"figure": promised, "names": ", ".join(longer)}, str(len(longer)))


def _nothing_over(context: CheckContext, schedules: Iterable[Schedule]) -> Finding:
    """One COUNT a schedule, whatever the number of rows."""
    book, over, rows, names, broken = Rulebook(context.now), 0, False, [], []
    last = last_time(SCHEDULES, context.now)
    for schedule in schedules:
        try:
            # What only a floor holds back is over once a night could have taken it, and no sooner.
            found = book.over(schedule, context.now, last.run.as_of if last else None).count()
            rows = rows or QuerySet(book.end(schedule).declared.model, using=book.end(schedule).declared.using).exists()
        except PrivacyError as error:
            broken.append(str(error))
            continue
        over += found
        if found:
            names.append(schedule.name)
    if over:
        why = ngettext(
            "%(count)s row is past its end, under: %(names)s.",
            "%(count)s rows are past their end, under: %(names)s.",
            over,
        ) % {"count": number(over), "names": ", ".join(names)}
        return Finding.broken(why, str(over))
    if broken:
        return Finding.broken(
            _("A schedule cannot be carried out. %(why)s") % {"why": " ".join(broken)}, str(len(broken))
        )
    if not rows:
        return Finding.cannot_tell(_("There is no row yet that a schedule could end."))
    if last is None:
        return Finding.cannot_tell(_("No completed night has carried the schedules out yet."))
    if last.run.horizon < context.now:
        why = _("No row is past its end, but the last night that carried the schedules out was that of %(night)s.")
        return Finding.broken(why % {"night": f"{last.run.as_of:%Y-%m-%d %H:%M} UTC"}, _("a missed night"))
    return Finding.kept(_("No row is past its end, and none will be before the next night."), "0")


def _unreasoned(context: CheckContext) -> Finding | None:
    """The finding when an exception has no reason the text allows, or when there are no exceptions at all."""
    keeps = [end for end in Rulebook(context.now).ends.by_name.values() if end.kind == "keep"]
    if not keeps:
        return Finding.cannot_tell(_("Nothing is declared as kept after closure."))
    allowed = context.promise.params.get("grounds") or rules().grounds
    missing = sorted(end.name for end in keeps if not _is_allowed(end.ground, allowed))
    if not missing:
        return None
    why = _("These exceptions have no reason that the text names: %(names)s.") % {"names": ", ".join(missing)}
    return Finding.broken(why, _share(len(missing), len(keeps), _("exceptions")))


def _is_allowed(ground: str, allowed: Iterable[str]) -> bool:
    """A ground names its reason among other words: "tax law, 10 years" is law, and a flaw is none."""
    reasons = [re.escape(reason.casefold()) for reason in allowed]
    return bool(ground.strip()) and (not reasons or bool(re.search(rf"\b(?:{'|'.join(reasons)})", ground.casefold())))


def _shortens(end: DeclaredEnd) -> bool:
    action = getattr(end.rule, "action", None)
    return isinstance(action, Anonymise) and any(isinstance(value, Shorten) for value in action.values.values())


def _share(part: int, whole: int, what: str) -> str:
    return _("%(part)s of %(whole)s %(what)s") % {"part": part, "whole": whole, "what": what}


@live_check("retention.logs_within_period", "Does no log file hold lines older than promised?", {"categories": "texts"})
def logs_within_period(context: CheckContext) -> Finding:
    """HVR-11-1, HVR-11-4, HTC-9-3: declared log files, as they lie on this machine.

    ``params.categories`` narrows it to logs of some categories.
    """
    wanted = context.promise.params.get("categories")
    found = [
        item
        for item in logs.standings(context.now, horizon=context.now)
        if not wanted or item.log.declared.category in wanted
    ]
    if not found:
        return Finding.cannot_tell(_("No log file is declared, so there is none to look at."))
    if late := sorted({item.log.path for item in found if item.over or item.unrotated}):
        return Finding.broken(
            _("These hold lines that are over: %(names)s.") % {"names": ", ".join(late)}, str(len(late))
        )
    if unknown := sorted({item.log.path for item in found if item.undated or not item.files}):
        return Finding.cannot_tell(
            _("These are not on this machine, or nothing tells how old their lines are: %(names)s.")
            % {"names": ", ".join(unknown)}
        )
    files = sum(item.files for item in found)
    return Finding.kept(_("No declared log file holds a line that is over."), _("%(n)s files") % {"n": number(files)})
