"""In which order tables are emptied: what points at a row goes before the row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connections, router
from django.db.models import ForeignKey, Model

from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.datamap.declarations import Delete, Generic


@dataclass(frozen=True, slots=True)
class Arranged:
    """Models in the order in which their rows go.

    Attributes:
        circular: models whose rows point at each other by links that may not be empty, at another row of the
            same model too: their rows must be known before the first of them goes.
    """

    order: list[type[Model]]
    circular: set[type[Model]]


class CircularModels(PrivacyError):
    """Models that point at each other by links that may not be empty: no order empties them."""

    def __init__(self, models: Iterable[type[Model]]) -> None:
        self.models = tuple(models)
        names = " → ".join(model._meta.label for model in (*self.models, self.models[0]))
        super().__init__(
            field=names,
            problem="these models point at each other by links that may not be empty, so neither can go first",
            mend="Make one of the links nullable; where the database defers its constraints it is enough that all of "
            "them are deleted with their person, and that none ends by its own time",
        )


def deletion_order(models: Iterable[type[Model]]) -> list[type[Model]]:
    """The models, children before parents; the order given decides where the links do not.

    Raises:
        CircularModels: names a circle that cannot be opened.
    """
    return arranged(models).order


def arranged(models: Iterable[type[Model]]) -> Arranged:
    """The models in the order in which they go, and those that point at each other in a circle.

    A link to the model itself never matters. In a circle the nullable links give way, since they can be cut first;
    rows of generic keys go early for as long as nothing speaks against it. A circle without a nullable link goes
    together where the database asks for its foreign keys at the end of the transaction.

    Raises:
        CircularModels: names a circle that cannot be opened.
    """
    left = list(dict.fromkeys(models))
    hard = {model: _targets(model, left, nullable=False) for model in left}
    soft = {model: _targets(model, left, nullable=True) for model in left}
    vague = {model: _generic_targets(model, left) for model in left}
    found = Arranged([], {model for model in left if _needs_another_of_its_own(model)})
    while left:
        for rules in ((hard, soft, vague), (hard, soft), (hard,)):
            ready = next((m for m in left if not _pointed_at(m, left, rules)), None)
            if ready is not None:
                break
        else:
            circle = _circle(left, hard)
            if not all(_may_go_together(model) for model in circle):
                raise CircularModels(circle)
            found.circular.update(circle)
            ready = circle[0]
        left.remove(ready)
        found.order.append(ready)
    return found


Links = dict[type[Model], set[type[Model]]]


def _pointed_at(model: type[Model], left: list[type[Model]], rules: tuple[Links, ...]) -> bool:
    return any(model in links[other] for other in left if other is not model for links in rules)


def _may_go_together(model: type[Model]) -> bool:
    """Whether its rows only ever go with their person, in a database that looks at links when all are gone.

    A row that ends by its own time is reached by no person: what it points at, and what points at it, would have to
    end in the same moment.
    """
    declared = graph.find(model)
    return (
        declared is not None
        and bool(declared.sides)
        and all(isinstance(side.erasure, Delete) for side in declared.sides)
        and not declared.expiries
        and declared.using == router.db_for_write(graph.user_model())
        and connections[declared.using].features.can_defer_constraint_checks
    )


def _needs_another_of_its_own(model: type[Model]) -> bool:
    """A row of one person may need a row of another in the same table."""
    declared = graph.find(model)
    return (
        declared is not None
        and len(declared.subject_words) > 1
        and any(
            isinstance(field, ForeignKey) and not field.null and field.related_model._meta.concrete_model is model
            for field in model._meta.concrete_fields
        )
    )


def _targets(model: type[Model], among: list[type[Model]], *, nullable: bool) -> set[type[Model]]:
    found: set[type[Model]] = set()
    for field in model._meta.concrete_fields:
        if not isinstance(field, ForeignKey) or field.null != nullable:
            continue
        target: Any = field.related_model._meta.concrete_model
        if field.remote_field.parent_link:
            found |= {target} & set(among)
        elif not issubclass(model, target) and not issubclass(target, model):
            # A child's row is also a row of its parent: who points at one points at both.
            found |= {other for other in among if issubclass(other, target)}
    return found - {model}


def _generic_targets(model: type[Model], among: list[type[Model]]) -> set[type[Model]]:
    declared = graph.find(model)
    generic = declared is not None and any(isinstance(word, Generic) for word in declared.subject_words)
    return set(among) - {model} if generic else set()


def _circle(left: list[type[Model]], links: Links) -> list[type[Model]]:
    walk = [left[0]]
    while True:
        following = next(model for model in left if walk[-1] in links[model])
        if following in walk:
            return list(reversed(walk[walk.index(following) :]))
        walk.append(following)
