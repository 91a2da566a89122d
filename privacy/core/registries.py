"""What must flow up flows through here: registries without models.

Lower rooms ask a registry; upper rooms fill it when the app starts. No registry knows
who filled it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from django.utils.functional import Promise

from privacy.core.actors import Actor
from privacy.core.registry import Registry

T = TypeVar("T")


# --- live checks ---------------------------------------------------------------------------


class Status(StrEnum):
    """The four answers a live check can give about one promise."""

    KEPT = "kept"
    BROKEN = "broken"
    CANNOT_TELL = "cannot_tell"
    NOT_PROMISED = "not_promised"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a live check found.

    Attributes:
        status: one of the four answers.
        why: one sentence a site admin understands; counts and labels, never personal data.
        figure: the number behind it, for instance ``"3 of 120 rows"``; may be empty.
    """

    status: Status
    why: str
    figure: str = ""

    @classmethod
    def kept(cls, why: str, figure: str = "") -> Finding:
        return cls(Status.KEPT, why, figure)

    @classmethod
    def broken(cls, why: str, figure: str = "") -> Finding:
        return cls(Status.BROKEN, why, figure)

    @classmethod
    def cannot_tell(cls, why: str) -> Finding:
        """``why`` is a sentence that names the missing record: ``"No account was closed yet."``"""
        return cls(Status.CANNOT_TELL, why)


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise of the site, as a live check sees it.

    Attributes:
        code: ``"HTC-10-4"``.
        clause: where the published text says it, ``"§10"``.
        says: the promise in one sentence.
        figure: the promised figure as written in the profile (``"P1M"``), or empty.
        bound: ``"ceiling"``, ``"floor"`` or empty.
        params: further facts the check needs, from the profile's ``params`` table.
    """

    code: str
    clause: str
    says: str
    figure: str = ""
    bound: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a live check gets. It reads; it never writes, and never reads the clock."""

    now: datetime
    promise: Promised


#: What a param of a live check holds; a flag is true or false.
ParamKind = Literal["text", "texts", "flag", "period"]


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """A named question to the running site.

    Attributes:
        name: ``"room.question"``.
        title: what it asks, for the ledger.
        run: answers it.
        params: the params it reads, each with its kind; a profile that gives another one is refused.
    """

    name: str
    title: str | Promise
    run: Callable[[CheckContext], Finding]
    params: Mapping[str, ParamKind] = field(default_factory=dict)


live_checks: Registry[LiveCheck] = Registry("live check")


def live_check(
    name: str, title: str | Promise, params: Mapping[str, ParamKind] | None = None
) -> Callable[[Callable[[CheckContext], Finding]], Callable[[CheckContext], Finding]]:
    """Register the decorated function as a live check; the arguments are those of ``LiveCheck``."""

    def decorate(run: Callable[[CheckContext], Finding]) -> Callable[[CheckContext], Finding]:
        live_checks.add(name, LiveCheck(name, title, run, params or {}))
        return run

    return decorate


# --- night steps ---------------------------------------------------------------------------


class Progress(Protocol):
    """Called by a long step after each batch; saves counts and where to go on after a crash."""

    def __call__(self, counts: Mapping[str, int], cursor: Mapping[str, Any] | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class NightContext:
    """What a step of the night gets.

    Attributes:
        now: the moment the night stands for (UTC).
        horizon: the end of the look-ahead: what would cross a ceiling before this moment goes
            tonight, since the next night may only begin then.
        run: the run this step belongs to.
        dry_run: count and destroy nothing.
        actor: who set the night off.
        progress: save counts and cursor.
        cursor: where an interrupted attempt of this step stopped; empty at first.
    """

    now: datetime
    horizon: datetime
    run: UUID
    dry_run: bool
    actor: Actor
    progress: Progress
    cursor: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step did. ``counts`` may name ``accounts`` (people destroyed): the careful night reads it."""

    counts: dict[str, int] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class NightStep:
    """One independent, resumable part of the night.

    Attributes:
        name: ``"disposal.closures"``.
        order: steps run by rising order, then name.
        title: what it does, for the admin.
        run: does it; safe to call again after a crash at any line.
        destroys: True when a careful night must preview it first.
    """

    name: str
    order: int
    title: str | Promise
    run: Callable[[NightContext], StepReport]
    destroys: bool = False


night_steps: Registry[NightStep] = Registry("night step")


# --- hourly steps --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HourlyStep:
    """What cannot wait for the night.

    Attributes:
        name: ``"evidence.seal"``.
        order: steps run by rising order, then name.
        title: what it does.
        run: does it for this moment and actor; safe to call again after a crash at any line. It returns counts.
    """

    name: str
    order: int
    title: str | Promise
    run: Callable[[datetime, Actor], Mapping[str, int]]


hourly_steps: Registry[HourlyStep] = Registry("hourly step")


# --- profile sections ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileSection(Generic[T]):
    """A table of a profile's TOML that one room owns.

    Attributes:
        name: the table's name, ``"closure"``.
        parse: turns the table into the room's typed rules; raises ``PrivacyError`` naming the key.
        settings: the dotted settings that promises may bind, each with a function that reads the
            figure out of the parsed rules (``{"closure.after": lambda rules: rules.after}``).
    """

    name: str
    parse: Callable[[Mapping[str, Any]], T]
    settings: Mapping[str, Callable[[T], Any]] = field(default_factory=dict)


profile_sections: Registry[ProfileSection[Any]] = Registry("profile section")


# --- providers, page blocks, desk cards ----------------------------------------------------

#: Questions of a lower room that an upper room answers, such as ``"last_backup_date"``.
providers: Registry[Callable[..., Any]] = Registry("provider")


#: Rooms that store pseudonyms or fingerprints: each gives how many rows need which key, by ``key_id``.
key_users: Registry[Callable[[], Mapping[str, int]]] = Registry("user of pseudonym keys")


@dataclass(frozen=True, slots=True)
class PageBlock:
    """A block of the privacy page in account settings: ``context(user, now)`` feeds ``template``."""

    name: str
    order: int
    template: str
    context: Callable[[Any, datetime], Mapping[str, Any]]


page_blocks: Registry[PageBlock] = Registry("page block")


@dataclass(frozen=True, slots=True)
class DeskCard:
    """A card on the admin's desk: ``context(now)`` feeds ``template``; shown with ``permission``."""

    name: str
    order: int
    template: str
    permission: str
    context: Callable[[datetime], Mapping[str, Any]]


desk_cards: Registry[DeskCard] = Registry("desk card")
