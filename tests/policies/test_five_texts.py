"""The policies that the demonstration publishes: our own words, free of faults, with figures that bind."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pytest

from privacy.core.actors import Actor
from privacy.policies import figures
from privacy.policies.lint import faults_of
from privacy.policies.queries import draft_view
from privacy.policies.services import publish, write_draft
from privacy.policies.site import site_of
from privacy.promises.facts import Facts
from privacy.promises.profiles import read_profile
from privacy.promises.services import load_profile
from project.demo.publishing import with_news
from project.sites import SITES
from tests.policies.test_lint import PROFILES
from tests.promises.test_site_profiles import runs_of_words

FOLDER = PROFILES.parent / "policies"
#: Settings that a profile binds and that its text therefore tells.
TOLD = {"harvest": {"backups.kept_for"}, "harvestr": {"closure.after", "retention.events"}}
TEXTS = [path for site in SITES for path in sorted((FOLDER / site).glob("*.md")) if not path.name.startswith("news")]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_text_of_the_demonstration_can_be_published(path: Path, db: None, now: datetime, actor: Actor) -> None:
    site, (document, language, _ending) = path.parent.name, path.name.split(".")
    load_profile(path=PROFILES / f"{site}.toml", now=now, actor=actor)
    text = path.read_text(encoding="utf-8")
    both = [text]
    if document == "privacy":
        both.append(with_news(text, (FOLDER / site / f"news.{language}.md").read_text(encoding="utf-8")))
        assert set(figures.named(text)) == TOLD.get(site, set())
    for number, words in enumerate(both, start=1):
        assert faults_of(words, site_of(read_profile(PROFILES / f"{site}.toml")).known(document)) == []
        draft = write_draft(
            document=document,
            language=language,
            title=words.partition("\n")[0],
            form="markdown",
            text=words,
            revised_on=None,
            note="A section came.",
            now=now,
            actor=actor,
        )
        version = publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)
        assert version.number == number
        assert "{{" not in version.text


@pytest.mark.parametrize("site", SITES)
def test_no_text_of_the_demonstration_copies_a_published_one(site: str, db: None) -> None:
    folder = os.environ.get("POLICY_TEXTS")
    if not folder:
        pytest.skip("POLICY_TEXTS names no folder with the published texts")
    published = {run for path in Path(folder).glob("*.txt") for run in runs_of_words(path.read_text(errors="replace"))}
    assert published
    facts = read_profile(PROFILES / f"{site}.toml").facts
    for path in (FOLDER / site).glob("*.md"):
        words = without_addresses(path.read_text(encoding="utf-8"), facts)
        assert published & runs_of_words(words) == set(), path.name


def without_addresses(text: str, facts: Facts) -> str:
    """Where somebody lives has no other words."""
    text = " ".join(text.split())
    for line in (*facts.postal_address, *facts.officer.postal_address):
        text = re.sub(re.escape(line), " … ", text)
    return text
