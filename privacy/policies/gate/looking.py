"""What the gate asks of a member who comes to a page."""

from __future__ import annotations

from datetime import datetime

from privacy.core.actors import Actor
from privacy.policies.acceptance.owing import owing
from privacy.policies.acceptance.services import accept_by_use
from privacy.policies.gate import epochs, passes
from privacy.policies.rules import PolicyRules
from privacy.promises.queries import rules_or_none


def to_accept(user_key: str, *, language: str = "", now: datetime, actor: Actor) -> tuple[str, ...]:
    """The documents that a member has to accept before they go on; nothing lets them pass.

    Warm it is one query by primary key, or none; else what ``look`` asks, once a member and publication.

    Args:
        user_key: ``str(user.pk)`` of somebody who is signed in.
        language: of the text that they would read.
    """
    if passes.holds(user_key, now=now):
        return ()
    return look(user_key, language=language, now=now, actor=actor)


def look(user_key: str, *, language: str = "", now: datetime, actor: Actor) -> tuple[str, ...]:
    """The same for a member without a good pass, who gets one where they have nothing to accept. Some eight queries.

    Where the text counts going on as agreement, the acceptance is written here, once, and nobody is stopped (HTC-14-2,
    CPT-14-5).
    """
    epoch = epochs.current(now=now)
    # Rules that an upgrade no longer understands may not keep everybody from the site: ``check`` names them.
    rules: PolicyRules = rules_or_none("policies") or PolicyRules()
    found = owing(user_key, rules, now=now)
    if found.documents and not found.by_use:
        return found.documents
    if found.documents:
        accept_by_use(user_key=user_key, rules=rules, language=language, now=now, actor=actor)
    passes.keep(user_key, epoch=epoch, until=found.quiet_until)
    return ()
