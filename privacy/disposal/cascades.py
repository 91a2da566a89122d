"""What Django itself would take along with a row, and what of it a closure would have left standing.

Django's collector has decided what goes before ``pre_delete`` is sent. So the same collector is asked again, and its
answer is held against the plan: a deletion may remove what the closure removes, and nothing that it keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from django.db.models.deletion import Collector

from privacy.core.batches import chunks
from privacy.datamap import graph
from privacy.datamap.graph import Declared, Subjects
from privacy.disposal.plan import Step, route
from privacy.disposal.preview import groundless

_CHUNK = 500


class Cascade:
    """The rows that Django's ``delete()`` of some rows would remove.

    Args:
        origin: what is to be deleted: a row, a queryset, or rows of one model.

    Raises:
        django.db.models.ProtectedError, django.db.models.RestrictedError: Django would refuse by itself.
    """

    def __init__(self, origin: Model | QuerySet[Any] | list[Any], *, using: str) -> None:
        if isinstance(origin, QuerySet):
            rows: Any = origin.using(using).order_by()
            self.model: type[Model] = origin.model
        else:
            rows = [origin] if isinstance(origin, Model) else origin
            self.model = type(rows[0])
        self._using = using
        self._collector = Collector(using=using, origin=None if isinstance(origin, list) else origin)
        if rows:
            self._collector.collect(rows)

    def users(self) -> list[Any]:
        """Primary keys of the accounts among them."""
        account = get_user_model()._meta.concrete_model
        return list(
            dict.fromkeys(
                row.pk
                for model, rows in self._collector.data.items()
                if model._meta.concrete_model is account
                for row in rows
            )
        )

    def beyond(self, subjects: Subjects, now: datetime) -> list[str]:
        """Labels of declared models of which rows would go that the closures of ``subjects`` leave standing.

        Where accounts are deleted, that is what is anonymised or kept, and what is other people's. Where
        another row takes accounts along, only these accounts' own rows count: the rest is the site's own act.
        A few queries a declared model that the cascade reaches.
        """
        from_accounts = self.model._meta.concrete_model is get_user_model()._meta.concrete_model
        steps: dict[type[Model], list[Step]] = {}
        for step in route():
            steps.setdefault(step.declared.model, []).append(step)
        found: dict[str, None] = {}
        for declared, rows in self._reached():
            mine = steps.get(declared.model, [])
            for going in (_going(step, subjects, now) for step in mine):
                rows = rows.exclude(pk__in=going.values("pk"))
            staying = [step for step in mine if step.action != "delete"]
            if from_accounts:
                more = rows.exists()
            else:
                more = any(rows.filter(pk__in=step.rows(subjects).values("pk")).exists() for step in staying)
            if more:
                found[declared.label] = None
        return list(found)

    def _reached(self) -> Iterator[tuple[Declared, QuerySet[Any]]]:
        for model, instances in self._collector.data.items():
            declared = graph.find(model)
            if declared is not None:
                keys = [row.pk for row in instances]
                everything: QuerySet[Any] = QuerySet(declared.model, using=self._using)
                yield from ((declared, everything.filter(pk__in=some)) for some in chunks(keys, _CHUNK))
        fast: list[Any] = self._collector.fast_deletes
        for rows in fast:
            single = isinstance(rows, Model)
            declared = graph.find(type(rows) if single else rows.model)
            if declared is not None:
                everything = QuerySet(declared.model, using=self._using)
                yield declared, everything.filter(pk__in=[rows.pk] if single else rows.values("pk"))


def _going(step: Step, subjects: Subjects, now: datetime) -> QuerySet[Any]:
    """What this step of the closure deletes: all its rows, or those that no ground keeps any more."""
    rows = step.rows(subjects)
    return rows if step.action == "delete" else rows.filter(groundless(step, now))
