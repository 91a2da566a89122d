"""The vocabulary of acts: what an entry may say was done, and how a person reads it.

A room adds its own in its ``acts.py``::

    from privacy.evidence.acts import register_act

    register_act("disposal.account_erased", _("Account erased"))
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.core.registry import Registry


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act.

    Attributes:
        name: ``"room.what_happened"``, as it stands in the entry for ever.
        title: what a person reads.
    """

    name: str
    title: str | Promise


acts: Registry[Act] = Registry("act")


def register_act(name: str, title: str | Promise) -> Act:
    """Add an act to the vocabulary.

    Raises:
        RegisteredTwice: the name is taken.
    """
    return acts.add(name, Act(name, title))


def title_of(name: str) -> str:
    """What a person reads; the name itself for an act that no installed room knows any more."""
    act = acts.find(name)
    return str(act.title) if act else name


register_act("evidence.beat_registered", _("Hourly task registered"))
register_act("evidence.details_expired", _("Details of old evidence removed"))
register_act("evidence.gap_recorded", _("Gap that a restore left in the seals"))
