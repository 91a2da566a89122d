"""Reading back what the steps of a batch did, many steps in one query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet, Value

from privacy.core.batches import chunks
from privacy.core.errors import PrivacyError

#: SQLite takes 32,766 values in one statement where nobody raised it.
_VALUES = 30_000


class Residue(PrivacyError):
    """Rows or values of the person were still there when the step was read back."""


@dataclass(frozen=True, slots=True)
class Reread:
    """Rows that must not be there any more.

    Attributes:
        rows: what is asked; empty is well.
        place: ``"shop.Order"``, or with the field ``"shop.Order.address"``.
        problem: what it means when there are some.
        through: models whose rows the link leads over; None where it may be any.
        named: says which field it was, asked only when there are some.
    """

    rows: QuerySet[Any]
    place: str
    problem: str
    through: frozenset[type[Model]] | None = frozenset()
    named: Callable[[], str] | None = None

    def needs(self, model: type[Model]) -> bool:
        """Whether this must be read before rows of ``model`` go: then the link would lead nowhere."""
        return self.through is None or any(issubclass(model, m) or issubclass(m, model) for m in self.through)


def require_empty(rereads: Sequence[Reread], *, people: int) -> None:
    """One query for many of them, as many as one statement takes.

    Raises:
        Residue: names the first place where something was left.
    """
    for using in dict.fromkeys(reread.rows.db for reread in rereads):
        mine = [reread for reread in rereads if reread.rows.db == using]
        for some in chunks(mine, max(1, _VALUES // (2 * people + 10))):
            left = _not_empty(some)
            if left is not None:
                raise Residue(
                    field=left.named() if left.named else left.place,
                    problem=left.problem,
                    mend="Look for a trigger, signal or second process that writes it back",
                )


def _not_empty(rereads: Sequence[Reread]) -> Reread | None:
    # Distinct, not limited: PostgreSQL would read a whole table for the first row of many, where there is none.
    first, *more = (
        reread.rows.order_by().values_list(Value(number), flat=True) for number, reread in enumerate(rereads)
    )
    found = list(first.union(*more) if more else first.distinct())
    return rereads[min(found)] if found else None
