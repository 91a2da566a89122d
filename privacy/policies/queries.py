"""What was published, for readers and for staff. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from privacy.policies import figures
from privacy.policies.binding import binds_everybody_from, shown_from
from privacy.policies.comparing import Comparison, compare
from privacy.policies.lint import Fault, faults_of
from privacy.policies.models import PolicyDocument, PolicyDraft, PolicyVersion
from privacy.policies.rendering import Rendered, rendered
from privacy.policies.site import Figure, Site, site_in_force
from privacy.promises.queries import facts

__all__ = [
    "DraftView",
    "announced",
    "binds_everybody_from",
    "comparison",
    "current",
    "currents",
    "documents",
    "draft_view",
    "next_number",
    "page_of",
    "published",
    "shelf",
    "site_of_draft",
    "standing_beside",
    "version",
    "versions",
    "whole",
]


#: So many notes about changes stand above a document (HMY-9-4); the others are in the list of versions.
NOTES = 3


@dataclass(frozen=True, slots=True)
class Shelf:
    """A document as its page shows it, by language.

    Attributes:
        in_force: the version that binds whoever signs up now.
        announced: the newest one, as long as it does not bind everybody.
        notes: the last versions that say what they changed, the newest first.
    """

    in_force: Mapping[str, PolicyVersion]
    announced: Mapping[str, PolicyVersion]
    notes: Mapping[str, Sequence[PolicyVersion]]


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as it would be published now.

    Attributes:
        text: with every figure that could be resolved in words.
        digest: of this text; a publication names it, so that nothing else is published than what was seen.
    """

    number: int
    text: str
    digest: str
    figures: dict[str, dict[str, str]]
    faults: list[Fault]
    date_label: str

    @property
    def publishable(self) -> bool:
        return not self.faults


def published() -> QuerySet[PolicyVersion]:
    """Every version, without its text, its withdrawal fetched along."""
    return PolicyVersion.objects.without_text().select_related("document", "withdrawal")


def whole() -> QuerySet[PolicyVersion]:
    """Every version with its text, its withdrawal fetched along."""
    return PolicyVersion.objects.select_related("document", "withdrawal")


def documents(now: datetime) -> list[PolicyDocument]:
    """The documents that have a version on the site."""
    standing = PolicyVersion.objects.standing().posted(now).values("document_id")
    return list(PolicyDocument.objects.filter(pk__in=standing))


def versions(document: str, now: datetime) -> list[PolicyVersion]:
    """Every version of a document that the page shows by now, in every language, the newest first, without texts."""
    return list(published().filter(document_id=document, published_at__lte=now).order_by("language", "-number"))


def shelf(document: str, now: datetime) -> Shelf:
    """What the page shows of a document. One query, over as many rows as there are versions, without their texts."""
    rows = PolicyVersion.objects.of(document).standing().posted(now).without_text()
    by_language: dict[str, list[PolicyVersion]] = {}
    for row in rows.order_by("-number"):
        by_language.setdefault(row.language, []).append(row)
    newest = {language: some[0] for language, some in by_language.items()}
    in_force = {
        language: next((row for row in some if shown_from(row) <= now), None) for language, some in by_language.items()
    }
    return Shelf(
        in_force={language: row for language, row in in_force.items() if row is not None},
        announced={language: row for language, row in newest.items() if binds_everybody_from(row) > now},
        notes={
            language: [row for row in some if row.note and row.number > 1][:NOTES]
            for language, some in by_language.items()
        },
    )


def currents(document: str, now: datetime) -> dict[str, PolicyVersion]:
    """The version in force of each language, without its text: the newest that binds whoever signs up now."""
    return dict(shelf(document, now).in_force)


def announced(document: str, now: datetime) -> dict[str, PolicyVersion]:
    """By language, the newest version that the page tells of and that does not bind everybody yet."""
    return dict(shelf(document, now).announced)


def current(document: str, wanted: Sequence[str], now: datetime) -> PolicyVersion | None:
    """The version in force, in the first language of these that has one.

    Args:
        wanted: languages by preference; behind them come the site's own, then any.
    """
    found = currents(document, now)
    if not found:
        return None
    languages = [*wanted, *facts().languages, *sorted(found)]
    bare = [language.partition("-")[0] for language in languages]
    key = next(one for pair in zip(languages, bare, strict=True) for one in pair if one in found)
    return version(document, key, found[key].number)


def version(document: str, language: str, number: int) -> PolicyVersion | None:
    """One version with its text, withdrawn or not."""
    key = PolicyVersion.key_of(document, language, number)
    return whole().filter(pk=key).first()


def page_of(row: PolicyVersion) -> Rendered:
    """A version as a page shows it."""
    return rendered(row.text, row.form, row.title)


def comparison(before: PolicyVersion, after: PolicyVersion) -> Comparison:
    """What changed from one version to another, word for word."""
    return compare(page_of(before).html, page_of(after).html)


def standing_beside(row: PolicyVersion) -> list[PolicyVersion]:
    """The other versions in its language that nobody withdrew, the newest first, without texts. One query."""
    rows = PolicyVersion.objects.of(row.document_id, row.language).standing().without_text()
    return list(rows.exclude(pk=row.pk).newest_first())


def next_number(document: str, language: str) -> int:
    """The number that the next version will have."""
    return PolicyVersion.objects.of(document, language).last_number() + 1


def draft_view(draft: PolicyDraft, *, site: Site | None = None) -> DraftView:
    """A draft as it would be published now, with everything that keeps it from that.

    Args:
        site: held against this one; where none is given, the profile that the draft came with, else the one in force.
    """
    by = site or site_of_draft(draft) or site_in_force()
    named = [name for name in figures.named(draft.text) if name in by.figures]
    words = by.words(draft.language) if named else {}
    headings = figures.headings_above(draft.text, draft.form, draft.title) if named else {}
    text = figures.frozen(draft.text, words)
    return DraftView(
        number=next_number(draft.document_id, draft.language),
        text=text,
        digest=PolicyVersion.digest_of(text),
        figures={name: _frozen(by.figures[name], words[name], headings.get(name, "")) for name in named},
        faults=faults_of(draft.text, by.known(draft.document_id)),
        date_label=by.date_label(draft.language),
    )


def site_of_draft(draft: PolicyDraft) -> Site | None:
    """The profile that a draft was imported with, which may not be loaded; None where it goes by the one in force."""
    return Site.from_data(draft.site) if draft.site else None


def _frozen(one: Figure, words: str, heading: str) -> dict[str, str]:
    """What a version remembers of a figure; of one that binds nothing, only what it was and how it was read."""
    said = {"figure": one.figure, "words": words}
    if not one.bound:
        return said
    promise = {"code": one.code, "clause": one.clause, "setting": one.setting, "bound": one.bound}
    return {**said, **promise, "heading": heading[:200]}
