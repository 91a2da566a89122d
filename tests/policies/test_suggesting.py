"""Suggested wording for the app's own tables: none is left out, and each says what its declaration says."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from privacy.core.words import period_words
from privacy.datamap.graph import find
from privacy.disposal.models import Closure
from privacy.policies.lint import Known, faults_of
from privacy.policies.our_tables import ABOUT_NOBODY, ABOUT_PEOPLE, HEADINGS
from privacy.policies.suggesting import LANGUAGES, suggested
from tests.policies.conftest import GOOD

OURS = list(apps.get_app_config("privacy").get_models())


def test_every_table_of_ours_has_words_and_no_words_are_left_over() -> None:
    declared = {model.__name__ for model in OURS if find(model) is not None}
    assert set(ABOUT_PEOPLE) == set(HEADINGS) == declared
    assert set(ABOUT_NOBODY) == {model.__name__ for model in OURS} - declared


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_of_ours_has_one_paragraph(language: str) -> None:
    said = suggested(language=language).paragraphs
    assert sorted(one.table for one in said) == sorted(model._meta.label for model in OURS)
    assert all(one.heading and one.text.endswith(".") for one in said)
    assert not [one.text for one in said if "%(" in one.text]


def test_no_sentence_was_left_in_the_other_language() -> None:
    english, german = ({one.table: one for one in suggested(language=code).paragraphs} for code in LANGUAGES)

    def sentences(text: str) -> set[str]:
        return set(text.split(". "))

    for table, paragraph in english.items():
        assert not sentences(paragraph.text) & sentences(german[table].text), table
        assert paragraph.heading != german[table].heading


def test_a_paragraph_says_how_long_and_on_what_ground() -> None:
    said = next(one for one in suggested(language="en").paragraphs if one.table == "privacy.OutboxMessage")
    assert said.text == (
        "We keep the messages that we wrote to you, with address, text, and whether they arrived. We need this to run "
        "the site and to prove that we keep this policy. The ground is our legitimate interest in this (Art. 6(1)(f) "
        "GDPR). It is removed 12 months after the message was written. When your account is closed, it is erased."
    )


def test_another_period_in_the_declaration_is_another_in_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = find(Closure)
    assert declared is not None
    monkeypatch.setattr(declared.data, "expires", "P7M from finished_at")
    monkeypatch.delitem(declared.__dict__, "expiries", raising=False)
    said = next(one for one in suggested(language="en").paragraphs if one.table == "privacy.Closure")
    monkeypatch.delitem(declared.__dict__, "expiries", raising=False)
    assert f"{period_words('P7M')} after the account was closed" in said.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lint_finds_no_fault_in_it(language: str) -> None:
    text = suggested(language=language).markdown()
    assert faults_of(f"{GOOD}\n{text}", Known(("Test Site",), (), "privacy", frozenset({"backups.kept_for"}))) == []


def run(*words: str) -> str:
    out = StringIO()
    call_command("privacy_policy", *words, stdout=out)
    return out.getvalue()


def test_the_command_prints_markdown_or_one_object() -> None:
    said = run("--suggest")
    assert "## Open sign-ins\n\nWe keep a list of your open sign-ins." in said
    assert "- The names and ages of backups.\n" in said
    german: dict[str, Any] = json.loads(run("--suggest", "--language", "de", "--json"))
    assert german["language"] == "de"
    assert any("Wir speichern eine Liste Ihrer offenen Anmeldungen." in one["text"] for one in german["paragraphs"])


@pytest.mark.parametrize(
    ("words", "code"), [(("--suggest", "--language", "fr"), 1), (("--suggest", "policy.md"), 2), ((), 2)]
)
def test_what_cannot_be_suggested_is_refused(words: tuple[str, ...], code: int) -> None:
    with pytest.raises(CommandError) as refused:
        run(*words)
    assert refused.value.returncode == code
