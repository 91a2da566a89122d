"""In which order tables are emptied: what points at a row goes before the row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import ForeignKey, Model

from privacy.core.errors import PrivacyError
from privacy.datamap import graph
from privacy.datamap.declarations import Generic


class CircularModels(PrivacyError):
    """Models that point at each other by links that may not be empty: no order empties them."""

    def __init__(self, models: Iterable[type[Model]]) -> None:
        self.models = tuple(models)
        names = " → ".join(model._meta.label for model in (*self.models, self.models[0]))
        super().__init__(
            field=names,
            problem="these models point at each other by links that may not be empty, so neither can go first",
            mend="Make one of the links nullable",
        )


def deletion_order(models: Iterable[type[Model]]) -> list[type[Model]]:
    """The models, children before parents; the order given decides where the links do not.

    A link to the model itself never matters. In a circle the nullable links give way, since they
    can be cut first; rows of generic keys go early for as long as nothing speaks against it.

    Raises:
        CircularModels: names the circle.
    """
    left = list(dict.fromkeys(models))
    hard = {model: _targets(model, left, nullable=False) for model in left}
    soft = {model: _targets(model, left, nullable=True) for model in left}
    vague = {model: _generic_targets(model, left) for model in left}
    ordered: list[type[Model]] = []
    while left:
        for rules in ((hard, soft, vague), (hard, soft), (hard,)):
            ready = next((m for m in left if not _pointed_at(m, left, rules)), None)
            if ready is not None:
                break
        else:
            raise CircularModels(_circle(left, hard))
        left.remove(ready)
        ordered.append(ready)
    return ordered


Links = dict[type[Model], set[type[Model]]]


def _pointed_at(model: type[Model], left: list[type[Model]], rules: tuple[Links, ...]) -> bool:
    return any(model in links[other] for other in left if other is not model for links in rules)


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
