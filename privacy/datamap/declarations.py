"""The words a site declares its data with. They touch no model and can be imported anywhere.

A host writes, in the ``privacy.py`` of its own app::

    from privacy import Anonymise, Delete, Keep, PersonalData, register

    @register(Order)
    class OrderData(PersonalData):
        subject = "customer"
        ...

``privacy.datamap.registry`` resolves these words against the models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Delete:
    """On erasure the row goes, with its files."""


@dataclass(frozen=True, init=False, slots=True)
class Anonymise:
    """On erasure the row stays, without the person: each named field gets the value given.

    Links to the subject are cut as well: a nullable link becomes NULL by itself, any other
    needs a ``Sentinel`` here. File fields named here lose their file.
    Values: a constant, ``None``, ``Sentinel(...)``, ``Shorten()`` for an IP address, or a Django
    expression (it must not leave anything of the person; verification re-reads it).
    """

    values: Mapping[str, Any]

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "values", dict(values))


@dataclass(frozen=True, slots=True)
class Keep:
    """A field, or as ``on_erasure`` a whole row, that outlives the person under a ground.

    Attributes:
        ground: why, in words a member reads: ``"tax law, 10 years"``.
        until: when it ends, ``"P10Y from placed_at"``; never empty, since nothing is kept for ever.
    """

    ground: str = ""
    until: str = ""


@dataclass(frozen=True, init=False, slots=True)
class Sentinel:
    """Stands in for the erased person in a link that may not be NULL: the row found by ``lookup``."""

    lookup: Mapping[str, Any]

    def __init__(self, **lookup: Any) -> None:
        object.__setattr__(self, "lookup", dict(lookup))


@dataclass(frozen=True, slots=True)
class Shorten:
    """An IP address loses its host part: IPv4 keeps ``v4`` bits, IPv6 keeps ``v6``."""

    v4: int = 24
    v6: int = 48


@dataclass(frozen=True, slots=True)
class Generic:
    """A subject reached through a generic key: the row is about whoever ``object_id`` points at.

    It matches rows that point at the user, and rows that point at any declared row of the user.
    """

    content_type: str = "content_type"
    object_id: str = "object_id"


@dataclass(frozen=True, slots=True)
class Expire:
    """One end of a row's life: ``when`` is ``"P30D from viewed_at"``; ``action`` defaults to on_erasure."""

    when: str
    action: Delete | Anonymise | None = None


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file that holds a declaration's data, with the files it was rotated into.

    Attributes:
        path: relative to BASE_DIR, or absolute; the live file, ``"logs/access.log"``.
        expires: how old a line may become, ``"P3M"``; empty takes the shortest end of the declaration's rows.
    """

    path: str
    expires: str = ""


Subject = str | Generic
Erasure = Delete | Anonymise | Keep


class PersonalData:
    """What the site declares about one model. Only class attributes; never instantiated by hosts.

    Attributes:
        subject: ORM path to the user (``"customer"``, ``"order__customer"``, ``"self"`` on the user model
            itself), ``"email:field"`` where there is no account, ``"key:field"`` or ``"name:field"`` where the
            row stores the user's key or user name as a plain value, a ``Generic`` key, or a tuple of these.
            Empty where nobody can be found by the row: then ``expires`` must end it.
        category: the data category a retention schedule speaks of, ``"purchases"``.
        purpose: why the data is processed, ``"orders"``.
        legal_basis: ``contract``, ``consent``, ``legal_obligation``, ``vital_interests``, ``public_task`` or
            ``legitimate_interests`` (GDPR Art. 6).
        scope: ``own``, or ``client`` where the site is a processor for a client.
        controller: in client scope, ORM path to the client's user; their closure erases the row.
        kind: ``identifying``, ``linked`` (identifies in combination) or ``usage`` (gathered automatically).
        source: ``given``, ``automatic``, ``provider:NAME`` or ``feed:NAME``.
        collected_at: collection points, ``("registration", "support")``.
        clause: where the policy speaks of it, ``"§2.1"``.
        on_erasure: what happens to a row when its person is erased; a dict ``{subject path: action}`` where a
            row has several sides (a ``Generic`` is named by its object_id field).
        holds: personal fields that go when the row goes, ``("name", "body")``. Every text, figure and date of a row
            that is deleted, or kept whole, is named here or in ``plain``, so that a field added later fails
            ``check`` until somebody has looked at it.
        fields: decisions for single fields that outlive erasure, ``{"total": Keep(...)}``.
        plain: fields that were looked at and are not personal, with the reason.
        event_fields: what the policy calls a field that is gathered automatically, ``{"path": "page"}``, where
            it is not the field's own name; moments are called ``time`` by themselves.
        required: form fields a person must give, with the feature that needs them.
        expires: ``"P13M from placed_at"``, an ``Expire``, or a tuple of them.
        export: allow-list of fields that a copy for the person holds.
        caches: cache key patterns, ``("member:{subject}", "order:{pk}")``, or ``{alias: (patterns)}``.
        log_files: log files that hold this data, as paths (relative to BASE_DIR, or absolute) or a ``LogFile``.
        access: True for rows that let somebody in (API tokens): they go as soon as the account is cut off.
        hooks: True treats rows one by one with ``Model.delete()`` and signals: slower, for hosts that listen.
    """

    subject: ClassVar[Subject | tuple[Subject, ...]] = ()
    category: ClassVar[str] = ""
    purpose: ClassVar[str] = ""
    legal_basis: ClassVar[str] = ""
    scope: ClassVar[str] = "own"
    controller: ClassVar[str] = ""
    kind: ClassVar[str] = "identifying"
    source: ClassVar[str] = "given"
    collected_at: ClassVar[Sequence[str]] = ()
    clause: ClassVar[str] = ""
    on_erasure: ClassVar[Erasure | Mapping[str, Erasure]] = Delete()
    holds: ClassVar[Sequence[str]] = ()
    fields: ClassVar[Mapping[str, Keep]] = {}
    plain: ClassVar[Mapping[str, str]] = {}
    event_fields: ClassVar[Mapping[str, str]] = {}
    required: ClassVar[Mapping[str, str]] = {}
    expires: ClassVar[str | Expire | Sequence[str | Expire]] = ()
    export: ClassVar[Sequence[str]] = ()
    caches: ClassVar[Sequence[str] | Mapping[str, Sequence[str]]] = ()
    log_files: ClassVar[Sequence[str | LogFile]] = ()
    access: ClassVar[bool] = False
    hooks: ClassVar[bool] = False


class ExternalStore:
    """Personal data outside the database: a search index, a CRM, a mail provider.

    Subclasses are registered with ``register_store``. All three methods must be idempotent; the
    night calls them again until ``verify`` says that nothing is left. Silence is never success.

    Each call runs in a thread of its own and is waited for ``timeout`` seconds: use no transaction
    and no state of the calling thread.

    Attributes:
        name: stands in receipts for years; at most 100 characters.
        title: what members read, ``"our search"``; empty takes the name.
        category, purpose: as in ``PersonalData``.
        timeout: seconds that one call may take, for up to ``BATCH_SIZE`` people.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str | Promise] = ""
    category: ClassVar[str] = ""
    purpose: ClassVar[str] = ""
    timeout: ClassVar[float] = 10.0

    def export(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """Everything the store holds about the users with these keys (``str(pk)``)."""
        raise NotImplementedError

    def erase(self, keys: Sequence[str]) -> None:
        """Remove it. Raises when the store refuses or cannot be reached."""
        raise NotImplementedError

    def verify(self, keys: Sequence[str]) -> int:
        """How many records of these users are left. Anything but a whole number from 0 up counts as silence."""
        raise NotImplementedError
