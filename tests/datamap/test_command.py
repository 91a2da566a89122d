"""``privacy_coverage``: what it prints, what it exits with, and what it suggests."""

from __future__ import annotations

import ast
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from privacy.datamap.registry import registry
from privacy.datamap.suggest import suggest
from tests.datamap.coverage_cases import errors
from tests.host import models as host

pytestmark = pytest.mark.django_db


def _run(*words: str, **options: Any) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("privacy_coverage", *words, stdout=out, stderr=StringIO(), **options)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def test_a_covered_site_exits_with_zero_and_counts_rows() -> None:
    host.Team.objects.create(name="t")
    host.NewsletterContact.objects.create(address="a@example.org", joined_at="2025-01-01T00:00Z")
    text, code = _run("--json")
    report = json.loads(text)
    assert code == 0
    assert set(report) == {"declared", "excluded", "undeclared"}
    assert report["undeclared"] == []
    contact = next(item for item in report["declared"] if item["model"] == "host.NewsletterContact")
    assert contact == {
        "model": "host.NewsletterContact",
        "fields": ["address", "name"],
        "subject": "email:address",
        "rows": 1,
    }
    assert {"model", "reason"} == set(report["excluded"][0])


def test_an_undeclared_model_exits_with_three_although_check_fails() -> None:
    registry.withdraw(host.OrderLine)
    assert errors()
    text, code = _run("--json")
    assert code == 3
    assert json.loads(text)["undeclared"] == [{"model": "host.OrderLine", "field": "order", "path": "order__customer"}]
    words, code = _run()
    assert code == 3
    assert "host.OrderLine.order" in words


SHAPES = [
    host.Customer,
    host.OrderLine,
    host.Note,
    host.NewsletterContact,
    host.Team.members.through,
    host.Contract,
]


@pytest.mark.parametrize("model", SHAPES, ids=lambda model: model.__name__)
def test_a_suggestion_is_valid_python_that_leaves_every_judgement_open(model: Any) -> None:
    registry.withdraw(model)
    (suggestion,) = suggest()
    ast.parse(suggestion.text)
    assert "TODO" not in suggestion.text
    exec(compile(suggestion.text, "host_privacy.py", "exec"), {})  # as autodiscovery would
    assert {str(message.id) for message in errors()} == {"privacy.E106"}
    assert {str(message.msg).partition(":")[0].rpartition(".")[2] for message in errors()} == {
        "category",
        "purpose",
        "legal_basis",
    }


def test_a_suggestion_is_printed_or_written_and_replaces_nothing(tmp_path: Path) -> None:
    registry.withdraw(host.Upload)
    text, code = _run("--suggest")
    assert code == 3
    assert "class UploadData(PersonalData):" in text
    _run("--suggest", folder=tmp_path)
    written = tmp_path / "host_privacy.py"
    assert "UploadData" in written.read_text()
    written.write_text("mine")
    _run("--suggest", folder=tmp_path)
    assert written.read_text() == "mine"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    registry.withdraw(host.Upload)
    with pytest.raises(CommandError, match="--folder"):
        _run("--suggest", folder=tmp_path / "nowhere")
