"""Writing evidence, and dropping its erasable half."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import router, transaction
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.core.batches import above, chunks, windows
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.inserting import can_insert_many, insert_many
from privacy.core.pseudonyms import pseudonym
from privacy.core.registries import Progress, providers
from privacy.core.reports import jsonable
from privacy.evidence.acts import acts
from privacy.evidence.commitments import commit_to, content_of, head_of, new_salt
from privacy.evidence.models import EvidenceDetail, EvidenceEntry

#: "coop.Order", "coop.Order:placed_at: P13M → P12M", "first, large", a periodic task or a site's code such as "HTC".
_LABEL = re.compile(
    r"(?P<app>[A-Za-z_]\w*)\.[A-Za-z_]\w*(:\s?[A-Za-z_*][\w.*]*( → \w+)?)*"
    r"|[a-z]+([ _][a-z]+)*(, [a-z]+([ _][a-z]+)*)*"
    r"|Privacy: [a-z]+( [a-z]+)*"
    r"|[A-Z]{2,12}"
)
_COUNT = re.compile(r"[A-Za-z_][\w.:, *\-]{0,149}")


class InvalidEvidence(PrivacyError):
    """An entry that could not stay for ever: it names what is unknown, or could name a person."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One entry to be written.

    Attributes:
        act: a registered name, ``"disposal.account_erased"``.
        label: what kind of thing, ``"coop.Member"``: a model's label, a word, never a single object.
        counts: words to whole numbers.
        subject: ``str(user.pk)`` of whom it is about; erasable.
        details: anything that ``jsonable`` takes; erasable.
        until: the end of the erasable half; None takes ``PRIVACY["EVIDENCE_DETAILS_KEPT"]``.
    """

    act: str
    label: str = ""
    counts: Mapping[str, int] | None = None
    subject: str = ""
    details: Mapping[str, Any] | None = None
    until: datetime | None = None


def record(
    *,
    act: str,
    now: datetime,
    actor: Actor,
    label: str = "",
    counts: Mapping[str, int] | None = None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
    until: datetime | None = None,
) -> EvidenceEntry:
    """Write one entry; the arguments are those of ``Draft``. Call it inside the act's own transaction.

    Raises:
        InvalidEvidence: names the argument and the mend.
    """
    [entry], [key] = _write([Draft(act, label, counts, subject, details, until)], now=now, actor=actor)
    return EvidenceEntry.from_db(router.db_for_write(EvidenceEntry), ("id", *_Entry._fields), (key, *entry))


def record_many(*, drafts: Sequence[Draft], now: datetime, actor: Actor) -> list[int]:
    """Write many entries of one moment and actor, in two INSERTs a batch, all or none.

    Returns:
        The keys of the entries, in the order of the drafts.

    Raises:
        InvalidEvidence: names the argument and the mend; nothing is written.
    """
    return _write(drafts, now=now, actor=actor)[1]


def forget(*, subjects: Sequence[str]) -> int:
    """Drop the erasable half of every entry in which one of these people acts or is acted upon.

    The entries and their commitments stay, and tell nothing about them.

    Args:
        subjects: ``str(user.pk)`` of each.

    Returns:
        How many details went.
    """
    using = router.db_for_write(EvidenceDetail)
    keys = [key for key in dict.fromkeys(subjects) if key]
    dropped = 0
    with transaction.atomic(using=using):
        for some in chunks(keys, 400):  # each key stands twice in the statement; SQLite takes 999 values
            dropped += EvidenceDetail.objects.using(using).naming(some).delete()[0]
    return dropped


def drop_expired_details(*, horizon: datetime, dry_run: bool, progress: Progress | None = None) -> int:
    """Remove the details whose end comes before ``horizon``, a window at a time; what a legal hold keeps stays.

    Args:
        horizon: when the next night may begin; what would cross its end before goes now.
        dry_run: count only.

    Returns:
        How many went, or would go.
    """
    using = router.db_for_write(EvidenceDetail)
    without_held = providers.find("without_held_rows")
    details = EvidenceDetail.objects.using(using)
    free = without_held(details.all()) if without_held else details.all()
    over = free.over(horizon)
    if dry_run:
        return over.count()
    dropped = 0
    for lower, upper in windows(over, "until", until=horizon, size=settings.window_rows):
        dropped += free.over(upper).filter(above("until", lower)).delete()[0]
        if progress:
            progress({"details": dropped})
    return dropped


class _Entry(NamedTuple):
    """The columns of an ``EvidenceEntry``: a night writes one for each account, and a model's instance costs more."""

    at: datetime
    act: str
    label: str
    counts: Mapping[str, int]
    commitment: str


class _Detail(NamedTuple):
    """The columns of an ``EvidenceDetail``, without its entry."""

    salt: str
    content: str
    actor_kind: str
    actor_key: str
    subject_key: str
    subject: str
    until: datetime


def _write(drafts: Sequence[Draft], *, now: datetime, actor: Actor) -> tuple[list[_Entry], list[int]]:
    if timezone.is_naive(now):
        raise InvalidEvidence(field="now", problem="it has no time zone", mend="Pass an aware moment")
    default_until = settings.evidence_details_kept.end(now, settings.calendar)
    entries: list[_Entry] = []
    details: list[_Detail] = []
    before: Draft | None = None
    head = ""
    for draft in drafts:
        # Those of one batch differ in their details only.
        if before is None or _public(draft) != _public(before):
            _refuse_unfit(draft)
            head = head_of(now, draft.act, draft.label, dict(draft.counts or {}))
        before = draft
        detail = _detail(draft, actor, draft.until or default_until)
        commitment = commit_to(head, salt=detail.salt, content=detail.content)
        entries.append(_Entry(now, draft.act, draft.label, dict(draft.counts or {}), commitment))
        details.append(detail)
    using = router.db_for_write(EvidenceEntry)
    with transaction.atomic(using=using):
        return entries, _insert(entries, details, using)


def _public(draft: Draft) -> tuple[object, ...]:
    """What is said of it for ever, and checked before; with its end, which must be a moment."""
    amounts = [type(amount) for amount in (draft.counts or {}).values()]  # True and 1.0 are equal to 1
    return (draft.act, draft.label, draft.counts, amounts, draft.until)


def _insert(entries: Sequence[_Entry], details: Sequence[_Detail], using: str) -> list[int]:
    """Two statements for all of them, whatever their number."""
    if not can_insert_many(using):
        rows = EvidenceEntry.objects.using(using).bulk_create(EvidenceEntry(**entry._asdict()) for entry in entries)
        EvidenceDetail.objects.using(using).bulk_create(
            EvidenceDetail(entry=row, **detail._asdict()) for row, detail in zip(rows, details, strict=True)
        )
        return [row.pk for row in rows]
    # Rows come back in any order; a commitment is over a salt of its own, so it tells them apart.
    back = insert_many(EvidenceEntry, _Entry._fields, entries, using=using, returning=("commitment", "id"))
    key_of: dict[str, int] = dict(back)
    keys = [key_of[entry.commitment] for entry in entries]
    given = [(key, *detail) for key, detail in zip(keys, details, strict=True)]
    insert_many(EvidenceDetail, ("entry", *_Detail._fields), given, using=using)
    return keys


def _detail(draft: Draft, actor: Actor, until: datetime) -> _Detail:
    word = pseudonym("subject", draft.subject) if draft.subject else ""
    try:
        content = content_of(
            actor=actor, subject_key=draft.subject, subject=word, details=jsonable(draft.details or {})
        )
    except (TypeError, ValueError):
        raise InvalidEvidence(
            field="details", problem="it holds what JSON cannot", mend="Pass texts, numbers, lists and dictionaries"
        ) from None
    return _Detail(
        salt=new_salt(),
        content=content,
        actor_kind=actor.kind,
        actor_key=actor.key,
        subject_key=draft.subject,
        subject=word,
        until=until,
    )


def _refuse_unfit(draft: Draft) -> None:
    if draft.act not in acts:
        raise InvalidEvidence(field="act", problem="no such act is registered", mend="Add it to the room's acts.py")
    shape = _LABEL.fullmatch(draft.label)
    if draft.label and (not shape or len(draft.label) > 200 or not _known_app(shape["app"])):
        raise InvalidEvidence(
            field="label",
            problem="it is no label of a model and no plain word",
            mend='Give a label such as "coop.Member"; what names a single object belongs in details',
        )
    for name, amount in (draft.counts or {}).items():
        if not isinstance(name, str) or not _COUNT.fullmatch(name):
            raise InvalidEvidence(field="counts", problem="a name in it is no plain word", mend='Use "rows", "files"')
        if isinstance(amount, bool) or not isinstance(amount, int):
            raise InvalidEvidence(field="counts", problem="an amount in it is no whole number", mend="Count something")
    if draft.until is not None and timezone.is_naive(draft.until):
        raise InvalidEvidence(field="until", problem="it has no time zone", mend="Pass an aware moment")


def _known_app(label: str | None) -> bool:
    return label is None or label in apps.app_configs
