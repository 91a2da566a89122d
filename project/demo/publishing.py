"""The site's policies: a first text long ago, and a second one that there is something to compare with.

A site that promises notice has its second text announced and not yet binding. Harmony printed its first text without
the date that it promises; the second is scheduled, and the hour publishes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from privacy.core.actors import Actor
from privacy.policies.models import PolicyDraft
from privacy.policies.queries import draft_view
from privacy.policies.services import publish, schedule, write_draft
from privacy.policies.site import site_in_force

FIRST = timedelta(days=400)
#: How many days ago the second text went out.
SECOND = {"harvest": 40, "harvestr": 10, "coopt": 1, "adsterra": 200}
WITHOUT_DATE = "harmony"


def policies(*, site: str, folder: Path, now: datetime) -> list[str]:
    """Publish what lies in the site's folder. Returns what was published, in words."""
    told = []
    for document, language, text in _texts(folder / site):
        undated = document == "privacy" and site == WITHOUT_DATE
        told.append(_publish(document, language, text, now - FIRST, dated=not undated))
        news = folder / site / f"news.{language}.md"
        if document != "privacy":
            continue
        second = with_news(text, news.read_text(encoding="utf-8"))
        if site in SECOND:
            told.append(_publish(document, language, second, now - timedelta(days=SECOND[site]), note=_title(news)))
        else:
            draft = _draft(document, language, second, now, note=_title(news))
            schedule(
                draft=draft, digest=draft_view(draft).digest, at=now + timedelta(seconds=1), now=now, actor=_actor()
            )
            told.append(f"{document} ({language}), the next version scheduled")
    return told


def with_news(text: str, news: str) -> str:
    """The text with the new section before its last one."""
    head, mark, tail = text.rpartition("\n## ")
    return f"{head}\n{news}{mark}{tail}"


def _texts(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Companions first, so that the policy finds them published."""
    for path in sorted(folder.glob("*.md"), key=lambda path: (path.name.startswith("privacy"), path.name)):
        document, language, _ending = path.name.split(".")
        if document != "news":
            yield document, language, path.read_text(encoding="utf-8")


def _title(news: Path) -> str:
    """What changed, as its heading says it."""
    return news.read_text(encoding="utf-8").partition("\n")[0].lstrip("#.0123456789 ") + "."


def _publish(document: str, language: str, text: str, at: datetime, *, note: str = "", dated: bool = True) -> str:
    draft = _draft(document, language, text, at, note=note)
    site = site_in_force()
    if not dated:
        site = replace(site, facts=replace(site.facts, printed_date_label=""))
    version = publish(draft=draft, digest=draft_view(draft, site=site).digest, site=site, now=at, actor=_actor())
    return f"{document} ({language}), version {version.number} of {at:%d %B %Y}"


def _draft(document: str, language: str, text: str, at: datetime, *, note: str) -> PolicyDraft:
    return write_draft(
        document=document,
        language=language,
        title=text.partition("\n")[0].lstrip("# "),
        form="markdown",
        text=text,
        revised_on=None,
        note=note,
        now=at,
        actor=_actor(),
    )


def _actor() -> Actor:
    return Actor.command("demo")
