"""What a declaration becomes once its words are resolved against the models. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from django.contrib.auth import get_user_model
from django.db.models import Field, QuerySet

from privacy.core.among import Among, Values
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.datamap.declarations import Anonymise, Delete, Erasure, Generic

if TYPE_CHECKING:
    from django.db.models import Model

SideKind = Literal["user", "email", "key", "name", "generic"]
DecisionKind = Literal["goes", "anonymised", "kept", "plain", "link"]


class BrokenDeclaration(PrivacyError):
    """A declaration that cannot be resolved; ``check`` shows it under the id ``code``.

    Args:
        code: the check's id, ``"privacy.E101"``.
    """

    def __init__(self, *, code: str, field: str, problem: str, mend: str) -> None:
        self.code = code
        super().__init__(field=field, problem=problem, mend=mend)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Some people, by value: it stays true after their rows are gone.

    Attributes:
        keys: primary keys of the user model, as Python values.
        emails: their e-mail addresses, empty ones left out.
        names: their user names, for rows that store nothing else.
        accounts: how many of the keys had a row when they were read.
    """

    keys: Values
    emails: Values = field(default_factory=Values)
    names: Values = field(default_factory=Values)
    accounts: int = field(default=0, compare=False)

    @classmethod
    def of(cls, users: QuerySet[Any] | Iterable[Any]) -> Subjects:
        """From a queryset of users or their primary keys; one query. Keys without a row are kept."""
        model = get_user_model()
        given = Values()
        if not isinstance(users, QuerySet):
            given = Values(model._meta.pk.to_python(key) for key in users)
            users = QuerySet(model).filter(Among("pk", given))
        columns = ["pk", str(model.USERNAME_FIELD)]
        address = email_field(model)
        if address:
            columns.append(address)
        rows = list(users.order_by().values_list(*columns))
        return cls(
            keys=given or Values(row[0] for row in rows),
            emails=Values(dict.fromkeys(row[2] for row in rows if len(row) > 2 and row[2])),
            names=Values(row[1] for row in rows if row[1]),
            accounts=len(rows),
        )


def email_field(model: type[Model]) -> str:
    """The user model's e-mail field, or an empty string where it has none."""
    name = str(getattr(model, "EMAIL_FIELD", "") or "email")
    return name if any(field.name == name for field in model._meta.get_fields()) else ""


@dataclass(frozen=True, slots=True)
class Side:
    """One way in which a person reaches rows.

    Attributes:
        name: the subject as the declaration writes it (``"sender"``, ``"email:address"``); a generic
            key is named by its object_id field.
        kind: how the value at the end is matched.
        path: ORM path from the row to the user, or to the field that holds the value; empty on the
            user model itself.
        direct_field: the row's own field that holds the link; None when the link is in another row.
        erasure: what happens when this side is erased. ``Anonymise`` names the link as well.
        generic: the generic key of a side of that kind.
    """

    name: str
    kind: SideKind
    path: str
    direct_field: Field[Any, Any] | None
    erasure: Erasure
    generic: Generic | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one field.

    Attributes:
        kind: it goes with the row, is overwritten, is kept, is not personal, or is the link.
        reason: the ground of what is kept, or why it is plain.
        values: the value it gets, by side name.
    """

    field: str
    kind: DecisionKind
    reason: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expiry:
    """One end of a row's life.

    Attributes:
        name: ``"coop.AdView:viewed_at:P13M"``, stable as long as the rule is.
        start: ORM path to the moment the period begins at.
        action: ``Anonymise`` names links where the whole row is anonymised, and only its own fields else.
    """

    name: str
    period: Period
    start: str
    action: Delete | Anonymise


@dataclass(frozen=True, slots=True)
class KeptField:
    """A field, or with ``name`` None the row, that outlives its person until ``period`` after ``start``."""

    name: str | None
    ground: str
    period: Period
    start: str


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A model through which somebody's data could be missed.

    Attributes:
        label: ``"coop.Order"``.
        field: its own field that leads to a person, ``"customer"``.
        path: the whole ORM path, ``"order__customer"``.
        how: ``user``, ``hops``, ``generic``, ``many-to-many``, ``address`` or ``user model``.
        hops: how many models the path crosses before it ends.
    """

    label: str
    field: str
    path: str
    how: str
    hops: int
