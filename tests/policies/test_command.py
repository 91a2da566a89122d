"""``privacy_policy FILE``: its one object of JSON, and its exit codes."""

from __future__ import annotations

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from privacy.policies.models import PolicyDraft
from tests.policies.conftest import GOOD, PROFILE


def run(*words: Any) -> tuple[int, dict[str, Any]]:
    out, code = StringIO(), 0
    try:
        call_command("privacy_policy", *map(str, words), "--json", stdout=out)
    except SystemExit as stopped:
        code = int(str(stopped.code))
    return code, json.loads(out.getvalue())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.md"
    path.write_bytes(b"# Privacy policy\n\nIt takes one (2) days. Ask privacy@example.org.\n")
    return path


def test_faults_are_told_in_the_fixed_words_and_exit_with_3(db: None, file: Path) -> None:
    code, said = run(file, "--document", "privacy", "--language", "en")
    assert code == 3
    assert said == {
        "document": "privacy",
        "version": 1,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "publishable": False,
        "faults": [
            {
                "code": "word_figure",
                "line": 3,
                "text": "one (2)",
                "mend": "Make the word and the figure say the same number",
            }
        ],
    }
    assert PolicyDraft.objects.get().text == file.read_text()


def test_a_text_without_a_fault_exits_with_0(db: None, file: Path, tmp_path: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    assert run(file)[0] == 3, "without a profile nothing is promised"
    profile = tmp_path / "profile.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    code, said = run(file, "--profile", profile, "--revised", "2026-02-01")
    assert (code, said["publishable"], said["faults"]) == (0, True, [])
    assert str(PolicyDraft.objects.get().revised_on) == "2026-02-01"


def test_people_are_told_line_by_line(db: None, file: Path) -> None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("privacy_policy", str(file), stdout=out)
    assert "line 3: word_figure: one (2). Make the word and the figure say the same number." in out.getvalue()


def test_a_file_that_cannot_be_read_exits_with_1(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("privacy_policy", str(tmp_path / "nothing.md"))
    assert refused.value.returncode == 1


def test_what_was_said_about_a_draft_stays_when_its_text_is_imported_again(db: None, file: Path) -> None:
    run(file, "--note", "Two days instead of one.", "--title", "Our policy", "--revised", "2026-02-01")
    PolicyDraft.objects.update(material=False, early_reason="A law of this week.")
    file.write_text("# Privacy policy\n\nAnother text.\n", encoding="utf-8")
    run(file)
    draft = PolicyDraft.objects.get()
    assert "Another text." in draft.text
    assert (draft.note, draft.title, str(draft.revised_on)) == ("Two days instead of one.", "Our policy", "2026-02-01")
    assert (draft.material, draft.early_reason) == (False, "A law of this week.")
    run(file, "--note", "A letter.")
    assert PolicyDraft.objects.get().note == "A letter."
