"""What a text is held against: the site's names and contacts, and the figures that it promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

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
class Figure:
    """A promised figure, with the promise that it comes from.

    Attributes:
        figure: as the profile writes it, ``"P1M"``.
        code, clause: the promise.
        setting: the dotted setting that it binds, or empty.
        bound: ``"ceiling"``, ``"floor"``, or empty for a figure that binds nothing.
    """

    figure: str
    code: str
    clause: str
    setting: str
    bound: str


@dataclass(frozen=True, slots=True)
class Site:
    """Who publishes, and what was promised.

    Attributes:
        figures: by dotted setting and by id of a promise.
        source: the profile's file where it is not the one that is loaded; else empty.
    """

    facts: Facts
    figures: Mapping[str, Figure]
    source: str = ""

    def as_data(self) -> dict[str, Any]:
        """For a draft to remember; ``from_data`` reads it again."""
        figures = {name: asdict(one) for name, one in self.figures.items()}
        return {"source": self.source, "facts": self.facts.as_data(), "figures": figures}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Site:
        figures = {name: Figure(**one) for name, one in data["figures"].items()}
        return cls(Facts.from_data(data["facts"]), figures, data["source"])

    def known(self, document: str) -> Known:
        """What the lint goes by."""
        facts = self.facts
        contacts = (*facts.contacts.values(), facts.officer.email, *facts.postal_address[:1])
        return Known(facts.names, tuple(one for one in contacts if one), document, frozenset(self.figures))

    def words(self, language: str) -> dict[str, str]:
        """Each figure as a reader of this language reads it, ``"1 month"``."""
        with override(language):
            return {name: _in_words(one.figure) for name, one in self.figures.items()}

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
    rows = Promise.objects.exclude(figure="").values_list("figure", "code", "clause", "setting", "bound")
    return Site(promises.facts(), _figures(Figure(*row) for row in rows))


def site_of(profile: Profile) -> Site:
    """The site of a profile that may not be loaded."""
    rows = (Figure(one.figure, one.code, one.clause, one.setting, one.bound) for one in profile.promises if one.figure)
    return Site(profile.facts, _figures(rows), profile.source)


def _figures(rows: Iterable[Figure]) -> dict[str, Figure]:
    """Of several promises about one setting, the one that leaves the least room."""
    found: dict[str, Figure] = {}
    for row in rows:
        found[row.code] = row
        before = found.get(row.setting)
        if row.setting and (before is None or _leaves_less(row, before)):
            found[row.setting] = row
    return found


def _leaves_less(row: Figure, before: Figure) -> bool:
    try:
        return bool(row.bound) and weaker(Period.parse(before.figure), Period.parse(row.figure), row.bound)
    except InvalidPeriod:
        return False


def _in_words(figure: str) -> str:
    try:
        return period_words(figure)
    except InvalidPeriod:
        return figure
