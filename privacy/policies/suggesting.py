"""Suggested wording for what this app itself keeps, out of its own declarations (GDPR Art. 13(1)(c), 13(2)(a))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.apps import apps
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from privacy.core.errors import PrivacyError
from privacy.core.words import period_words
from privacy.datamap.declarations import Anonymise
from privacy.datamap.graph import Declared, find
from privacy.datamap.shapes import Expiry
from privacy.policies.our_tables import ABOUT_NOBODY, ABOUT_PEOPLE, HEADINGS

#: The languages that the wording was written in.
LANGUAGES = ("en", "de")

_PURPOSES: Mapping[str, str | Promise] = {
    "administration": gettext_lazy("We need this to run the site and to prove that we keep this policy."),
    "security": gettext_lazy("We need this to keep accounts safe."),
}
_BASES: Mapping[str, str | Promise] = {
    "contract": gettext_lazy("The ground is our contract with you (Art. 6(1)(b) GDPR)."),
    "consent": gettext_lazy("The ground is your consent (Art. 6(1)(a) GDPR)."),
    "legal_obligation": gettext_lazy("The ground is a law that obliges us (Art. 6(1)(c) GDPR)."),
    "vital_interests": gettext_lazy("The ground is the protection of somebody's life (Art. 6(1)(d) GDPR)."),
    "public_task": gettext_lazy("The ground is a task in the public interest (Art. 6(1)(e) GDPR)."),
    "legitimate_interests": gettext_lazy("The ground is our legitimate interest in this (Art. 6(1)(f) GDPR)."),
}
#: Where a period begins, by the moment that the declaration names.
_STARTS: Mapping[str, str | Promise] = {
    "finished_at": gettext_lazy("It is removed %(period)s after the account was closed."),
    "released_at": gettext_lazy("It is removed %(period)s after the note was lifted."),
    "queued_at": gettext_lazy("It is removed %(period)s after the message was written."),
    "at": gettext_lazy("It is removed %(period)s after the report came."),
    "until": gettext_lazy("It is removed at the end that was set when it was written."),
}


class NoWording(PrivacyError):
    """The wording was asked for in a language that it was not written in."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What a policy may say about one table.

    Attributes:
        table: ``"privacy.SessionIndex"``.
        heading: what the table holds, in a word or two; tables that name nobody share one.
    """

    table: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """Paragraphs in the order of the models: those about people, then those that name nobody."""

    language: str
    paragraphs: tuple[Paragraph, ...]

    def markdown(self) -> str:
        """All of it under its headings, to be pasted into a text and gone over there."""
        lines: list[str] = []
        for heading, group in groupby(self.paragraphs, key=attrgetter("heading")):
            texts = [one.text for one in group]
            lines += [f"## {heading}", *texts] if len(texts) == 1 else [f"## {heading}", _listed(texts)]
        return "\n\n".join(lines)


def _listed(texts: list[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def suggested(*, language: str) -> Suggested:
    """A paragraph for each table of this app: what is kept, why, on what ground, and how long.

    Nothing is asked of the database. It says what the declarations say; a site whose profile or schedules are
    stricter tells its own figures.

    Raises:
        NoWording: there is none in this language.
    """
    if language not in LANGUAGES:
        raise NoWording(
            field="language", problem="there is no suggested wording in it", mend=f"Use {' or '.join(LANGUAGES)}"
        )
    people: list[Paragraph] = []
    nobody: list[Paragraph] = []
    with override(language):
        for model in apps.get_app_config("privacy").get_models():
            label, name = model._meta.label, model.__name__
            declared = find(model)
            if declared is None:
                nobody.append(Paragraph(label, _("Records that name nobody"), capfirst(f"{ABOUT_NOBODY[name]}.")))
            else:
                text = _about_people(declared, ABOUT_PEOPLE[name])
                people.append(Paragraph(label, str(HEADINGS[name]), text))
    return Suggested(language, (*people, *nobody))


def _about_people(declared: Declared, what: str | Promise) -> str:
    sentences = [
        _("We keep %(what)s.") % {"what": what},
        str(_PURPOSES[declared.purpose]),
        str(_BASES[declared.legal_basis]),
        *(_end(expiry) for expiry in declared.expiries),
        _with_the_account(declared),
    ]
    return " ".join(sentences)


def _end(expiry: Expiry) -> str:
    return _STARTS[expiry.start] % {"period": period_words(expiry.period)}


def _with_the_account(declared: Declared) -> str:
    """What becomes of it when the account is closed."""
    if not declared.sides:
        return _("It outlasts the account, so that what was done about it can be proved.")
    if any(isinstance(side.erasure, Anonymise) for side in declared.sides):
        return _("When your account is closed, only a pseudonym stays in it, as proof, until that end.")
    return _("When your account is closed, it is erased.")
