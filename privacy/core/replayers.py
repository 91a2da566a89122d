"""What a restore must not undo: each room says here how the journal's lines of its kind are applied again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from privacy.core.actors import Actor
from privacy.core.registry import Registry


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the journal tells, in the last state it told of it.

    Attributes:
        kind: which replayer understands it, ``"closure"``.
        id: of the row it was told about; one thing keeps its id through all its states.
        state: ``"intended"``, ``"done"``, ``"void"`` or a word of its kind.
        states: every state that was told, the oldest first.
        at: when the last was told, in UTC.
        who: keyed fingerprints of whom it is about, by what was fingerprinted (``{"account": "…"}``).
        facts: what else its replayer needs: moments, labels and figures, never a personal value.
    """

    kind: str
    id: str
    state: str
    states: tuple[str, ...]
    at: datetime
    who: Mapping[str, str]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replayer:
    """Applies again, after a restore, what the journal tells of one kind.

    Attributes:
        kind: ``"closure"``.
        order: kinds run by rising order: what protects comes before what destroys.
        title: what it applies.
        run: gets all of its kind, the moment, and who acts; safe to call again after a crash at any line. It
            returns counts, never skips silently, and raises when it cannot do its work.
    """

    kind: str
    order: int
    title: str | Promise
    run: Callable[[list[Told], datetime, Actor], Mapping[str, int]]


replayers: Registry[Replayer] = Registry("replayer")
