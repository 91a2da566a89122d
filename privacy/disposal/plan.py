"""The one plan of an erasure: it drives the preview, the guard and the run.

Steps go children first, so that a row is always reached while its path to the person is whole;
rows that point through a generic key go before what they point at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, router
from django.db.models import CharField, Count, Max, Q, QuerySet
from django.db.models.functions import Cast

from privacy.core.conf import settings
from privacy.core.periods import Calendar
from privacy.datamap import graph
from privacy.datamap.declarations import Anonymise, Delete, Keep
from privacy.datamap.graph import Declared, Side, Subjects
from privacy.datamap.order import arranged
from privacy.datamap.registry import registry
from privacy.datamap.rows import key_as_text
from privacy.disposal.holds.rules import ground_words


@dataclass(frozen=True, slots=True)
class Step:
    """One model seen from one side: what happens to the rows a person is reached by."""

    declared: Declared
    side: Side
    #: Its model is one of a circle: the rows must be known before the first of the circle goes.
    circular: bool = False

    @property
    def action(self) -> str:
        return {Delete: "delete", Anonymise: "anonymise", Keep: "keep"}[type(self.side.erasure)]

    @property
    def elsewhere(self) -> bool:
        """Whether the rows are in another database than the accounts and our own tables."""
        return self.declared.using != router.db_for_write(get_user_model())

    @property
    def by_value(self) -> bool:
        """Whether a column of the row itself holds the person: it is found whatever went before."""
        return self.side.direct_field is not None and self.side.kind != "generic"

    @property
    def place(self) -> str:
        """``"app.Model:side"``: under which name keys of its rows are written down."""
        return f"{self.declared.label}:{self.side.name}"

    def rows(self, subjects: Subjects) -> QuerySet[Any]:
        return self.declared.rows(self.side, subjects)

    @property
    def through(self) -> frozenset[type[models.Model]] | None:
        """Models that the link leads over, the user's included; None for a generic key, which may lead over any."""
        if self.side.kind == "generic":
            return None
        crossed: list[Any] = []
        here: Any = self.declared.model
        for part in self.side.path.split("__") if self.side.path else ():
            here = (here._meta.pk if part == "pk" else here._meta.get_field(part)).related_model
            if here is None:
                break
            crossed.append(here)
        return frozenset(crossed)

    def owner(self) -> Any | None:
        """``str(pk)`` of whose each row is, as a database expression; None where the row does not tell."""
        if self.side.kind == "user":
            path = f"{self.side.path}__pk" if self.side.path else "pk"
            return key_as_text(get_user_model(), self.declared.using, path)
        return Cast(self.side.path, CharField()) if self.side.kind == "key" else None

    @property
    def files_at_stake(self) -> tuple[models.FileField, ...]:
        """File fields whose files go with this step."""
        if isinstance(self.side.erasure, Delete):
            return self.declared.file_fields
        if isinstance(self.side.erasure, Anonymise):
            named = self.side.erasure.values
            return tuple(field for field in self.declared.file_fields if field.name in named)
        return ()


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows that outlive the person: how many, on what ground, and until when at the latest.

    ``review_at`` is set where a legal hold keeps them: somebody looks again by then.
    """

    model: str
    rows: int
    ground: str
    until: datetime | None
    review_at: datetime | None = None

    def as_row(self) -> dict[str, Any]:
        """As a closure stores it."""
        moments = {"until": self.until, "review_at": self.review_at}
        return {**asdict(self), **{name: moment and moment.isoformat() for name, moment in moments.items()}}

    def as_json(self) -> dict[str, Any]:
        """The four keys that a report has: a review is for screens."""
        return {"model": self.model, "rows": self.rows, "ground": self.ground, "until": self.until}

    @property
    def ground_words(self) -> str:
        """The ground as a person reads it; that of a hold is a word of the profile."""
        return ", ".join(map(ground_words, self.ground.split(", "))) if self.review_at else self.ground

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> KeptRows:
        """As ``as_row`` wrote it; ``review_at`` is absent from rows of before there were holds."""
        moments = {name: row.get(name) for name in ("until", "review_at")}
        ends = {name: datetime.fromisoformat(text) if text else None for name, text in moments.items()}
        return cls(model=row["model"], rows=row["rows"], ground=row["ground"], **ends)


def route() -> tuple[Step, ...]:
    """All steps in their order: generic keys first, then children before parents. Worked out once a process."""
    return _route()


@cache
def _route() -> tuple[Step, ...]:
    by_model = {declared.model: declared for declared in graph.declared()}
    models = arranged(list(by_model))
    steps = [
        Step(by_model[model], side, model in models.circular)
        for model in models.order
        for side in by_model[model].sides
    ]
    return tuple(sorted(steps, key=lambda step: step.side.kind != "generic"))


registry.on_change(_route.cache_clear)


def kept_rows(step: Step, rows: QuerySet[Any], now: datetime) -> Iterator[KeptRows]:
    """What this step leaves under a ground, one query a step that keeps anything.

    Rows whose period has nothing to start from are told apart, without an end: nothing would ever end them.
    """
    if step.action == "delete" or not step.declared.keeps:
        return
    calendar = settings.calendar
    keeps = list(enumerate(step.declared.keeps))
    runs = {index: Q(**{f"{keep.start}__gt": keep.period.cutoff(now, calendar)}) for index, keep in keeps}
    ends = {f"end_{index}": Max(keep.start) for index, keep in keeps}
    running = {f"running_{index}": Count("pk", filter=runs[index]) for index, _ in keeps}
    endless = {f"endless_{index}": Count("pk", filter=Q(**{f"{keep.start}__isnull": True})) for index, keep in keeps}
    found = rows.aggregate(**ends, **running, **endless)
    # Several fields under one ground are one line to whoever reads it, with the last of their ends.
    until: dict[str, datetime] = {}
    under: dict[str, int] = {}
    without: dict[str, int] = {}
    for index, keep in keeps:
        under[keep.ground] = max(under.get(keep.ground, 0), found[f"running_{index}"])
        without[keep.ground] = max(without.get(keep.ground, 0), found[f"endless_{index}"])
        if found[f"running_{index}"]:
            end = keep.period.end(as_moment(found[f"end_{index}"], calendar), calendar)
            until[keep.ground] = max(until.get(keep.ground, end), end)
    for ground, count in without.items():
        if under[ground]:
            yield KeptRows(step.declared.label, under[ground], ground, until[ground])
        if count:
            yield KeptRows(step.declared.label, count, ground, None)


def as_moment(value: datetime | date, calendar: Calendar) -> datetime:
    """A date column begins at midnight in the site's zone."""
    return value if isinstance(value, datetime) else datetime.combine(value, time(), calendar.zone)
