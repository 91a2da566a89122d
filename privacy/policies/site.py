"""What a text is held against: the site's names and contacts, and the figures that it promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.core.periods import InvalidPeriod, Period
from privacy.core.words import period_words
from privacy.policies.lint import Known
from privacy.promises import queries as promises
from privacy.promises.bounds import weaker
from privacy.promises.facts import Facts
from privacy.promises.models import Promise
from privacy.promises.profiles import Profile


@dataclass(frozen=True, slots=True)
class Site:
    """Who publishes, and what was promised.

    Attributes:
        figures: by dotted setting and by id of a promise, as the profile writes them (``"P1M"``).
    """

    facts: Facts
    figures: Mapping[str, str]

    def known(self, document: str) -> Known:
        """What the lint goes by."""
        facts = self.facts
        contacts = (*facts.contacts.values(), facts.officer.email, *facts.postal_address[:1])
        return Known(facts.names, tuple(one for one in contacts if one), document, frozenset(self.figures))

    def words(self, language: str) -> dict[str, str]:
        """Each figure as a reader of this language reads it, ``"1 month"``."""
        with override(language):
            return {name: _in_words(figure) for name, figure in self.figures.items()}

    def date_label(self, language: str) -> str:
        """The words in front of the printed date; empty where the site prints none.

        The profile gives them in the site's main language.
        """
        label = self.facts.printed_date_label
        if not label or not self.facts.languages or language == self.facts.languages[0]:
            return label
        with override(language):
            return _("Last revised on")


def site_in_force() -> Site:
    """The site of the profile that is loaded. Two queries."""
    rows = Promise.objects.exclude(figure="").values_list("code", "setting", "figure", "bound")
    return Site(promises.facts(), _figures(rows))


def site_of(profile: Profile) -> Site:
    """The site of a profile that may not be loaded."""
    rows = ((one.code, one.setting, one.figure, one.bound) for one in profile.promises if one.figure)
    return Site(profile.facts, _figures(rows))


def _figures(rows: Iterable[tuple[str, str, str, str]]) -> dict[str, str]:
    """Of several promises about one setting, the one that leaves the least room."""
    found: dict[str, str] = {}
    for code, setting, figure, bound in rows:
        found[code] = figure
        before = found.get(setting, "")
        if setting and (not before or _leaves_less(figure, before, bound)):
            found[setting] = figure
    return found


def _leaves_less(figure: str, before: str, bound: str) -> bool:
    try:
        return bool(bound) and weaker(Period.parse(before), Period.parse(figure), bound)
    except InvalidPeriod:
        return False


def _in_words(figure: str) -> str:
    try:
        return period_words(figure)
    except InvalidPeriod:
        return figure
