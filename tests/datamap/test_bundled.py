"""What came bundled: it covers its apps, and stays away where they are not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django_celery_results.models import TaskResult

from privacy.datamap import graph
from privacy.datamap.decisions import needing
from privacy.datamap.registry import registry

ROOT = Path(__file__).resolve().parents[2]


def test_the_apps_of_django_and_celery_are_looked_at() -> None:
    for model in (User, LogEntry, TaskResult, User.groups.through, User.user_permissions.through):
        assert graph.find(model) is not None, model._meta.label
    for model in (Group, Session):
        assert graph.excluded()[model], model._meta.label


def test_task_results_end_by_themselves_since_nobody_can_be_found_by_them() -> None:
    found = graph.find(TaskResult)
    assert found is not None
    assert found.sides == ()
    assert [expiry.name for expiry in found.expiries] == ["django_celery_results.TaskResult:date_done:P30D"]


def test_every_table_of_ours_is_declared_or_excluded_with_a_reason() -> None:
    open_ones = [
        model._meta.label
        for model in apps.get_app_config("privacy").get_models()
        if graph.find(model) is None and model not in graph.excluded()
    ]
    assert open_ones == []


def test_our_own_declarations_decide_about_every_field() -> None:
    ours = [item for item in graph.declared() if item.model._meta.app_label == "privacy"]
    assert ours
    assert all(field.name in item.decisions for item in ours for field in needing(item))


def test_apps_that_are_not_installed_are_left_out() -> None:
    assert not [label for label in registry.exclusions() if label.startswith("socialaccount.")]
    assert all(apps.is_installed(item.model._meta.app_config.name) for item in graph.declared())


@pytest.mark.parametrize("words", [["check", "--tag", "privacy"], ["privacy_coverage", "--json"]])
def test_third_party_apps_on_this_machine_are_covered(words: list[str]) -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.host_third_settings"}
    done = subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    if "--json" in words:
        assert "authtoken.Token" in {item["model"] for item in json.loads(done.stdout)["declared"]}
