"""The house itself: what holds for every room, present and to come, so that nobody has to remember it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandParser
from django.db import models

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "privacy"
FRONT_DOORS = {"models", "admin", "tasks"}
#: Below these the time is an argument. Commands, tasks, views, admin pages, mail backends and system checks may ask the
#: clock.
DOORS_THAT_READ_THE_CLOCK = re.compile(
    r"^privacy/(management/|templatetags/|core/commands\.py$|([a-z_]+/){0,2}(views|admin|api|checks|tasks|receivers|middleware)(/|\.py$)"
    r"|messages/backends\.py$"
    # The day of a segment is compared with the times of backups, which are those of machines' clocks.
    r"|disposal/journal/files\.py$"
    # What a site's own views and tasks call is their door.
    r"|consent/asking\.py$)"
)
#: Attributes of a person or of what a person wrote: ``__str__`` may name none of them.
PERSONAL_WORDS = re.compile(
    r"user|person|member|subject|e_?mail|name_of|username|first_name|last_name|address|ip|phone|recipient|sender|"
    r"actor|pseudonym|path|file|details|key"
)


def sources(folder: Path = HOUSE) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "migrations" not in path.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def rooms_with(kind: str) -> list[str]:
    """Dotted names of ``privacy.<room>.<kind>`` that exist as a file or a package."""
    found = {path.parent.name for path in HOUSE.glob(f"*/{kind}.py")}
    found |= {path.parent.parent.name for path in HOUSE.glob(f"*/{kind}/__init__.py")}
    return [f"privacy.{room}.{kind}" for room in sorted(found)]


def tracked() -> list[Path]:
    """Files under version control; every file of the tree where there is no repository."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        skipped = {".venv", "var", "node_modules", "__pycache__"}
        return [path for path in ROOT.rglob("*") if path.is_file() and not skipped.intersection(path.parts)]
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# --- the front doors reach every room ---------------------------------------------------------


def classes_written_in(module_name: str) -> Iterator[type[models.Model]]:
    module = importlib.import_module(module_name)
    for _, member in inspect.getmembers(module, inspect.isclass):
        is_model = issubclass(member, models.Model) and not member._meta.abstract
        if is_model and member.__module__.startswith(module_name):
            yield member


def test_the_front_door_for_models_reaches_every_room() -> None:
    registered = set(apps.get_app_config("privacy").get_models(include_auto_created=True))
    front = importlib.import_module("privacy.models")
    for name in rooms_with("models"):
        written = set(classes_written_in(name))
        assert written <= registered, f"{name} has models that Django does not know"
        unreached = {model.__name__ for model in written if getattr(front, model.__name__, None) is not model}
        assert not unreached, f"privacy/models.py does not pass on {unreached} of {name}"


def test_every_model_of_the_app_lives_in_a_room() -> None:
    for model in apps.get_app_config("privacy").get_models():
        assert model.__module__ in rooms_with("models") or model.__module__.count(".") >= 2, model


@pytest.mark.parametrize("kind", ["models", "admin", "tasks"])
def test_the_front_door_imports_every_room_of_its_kind(kind: str) -> None:
    front = HOUSE / f"{kind}.py"
    rooms = rooms_with(kind)
    assert front.exists() or not rooms, f"{rooms} need a front door privacy/{kind}.py"
    if not rooms:
        pytest.skip(f"no room has {kind} yet")
    reached = {name for name, _ in imported_modules(front)}
    missing = [room for room in rooms if room not in reached]
    assert not missing, f"privacy/{kind}.py does not import {missing}"


def test_the_front_door_of_the_api_reaches_every_room() -> None:
    reached = {name for name, _ in imported_modules(HOUSE / "api_urls.py")}
    rooms = [name for name in rooms_with("api") if name != "privacy.core.api"]  # the style that they share
    assert rooms
    assert not [name for name in rooms if name not in reached]


def test_wiring_knows_every_room() -> None:
    from privacy import wiring

    packages = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
    not_rooms = {"core", "management", "migrations", "templatetags"}
    assert packages - not_rooms == set(wiring.ROOMS)


def test_every_room_and_every_test_folder_mirror_each_other() -> None:
    rooms = {path.parent.name for path in HOUSE.glob("*/__init__.py")} - {"management", "migrations", "templatetags"}
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")}
    assert rooms <= folders, f"rooms without tests: {sorted(rooms - folders)}"


# --- what may be imported where ---------------------------------------------------------------


def imported_modules(path: Path) -> Iterator[tuple[str, int]]:
    """Each module named by an import of ``path`` with its line; ``from a import b`` gives ``a`` and ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def test_importing_the_declaration_words_touches_no_model_and_needs_no_settings() -> None:
    script = (
        "import sys\n"
        "import privacy\n"
        "for word in ('Anonymise', 'Delete', 'Keep', 'PersonalData', 'register', 'exclude'):\n"
        "    getattr(privacy, word)\n"
        "from django.conf import settings\n"
        "assert not settings.configured, 'settings were read'\n"
        "loaded = [name for name in sys.modules if name.startswith('privacy.') and name.endswith('.models')]\n"
        "assert not loaded, loaded\n"
        "assert 'django.contrib.auth.models' not in sys.modules\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_celery_is_named_only_by_tasks_the_enqueue_helper_and_the_beat_registrar() -> None:
    named = {
        relative(path)
        for path in sources()
        for module, _ in imported_modules(path)
        if module.split(".")[0] in {"celery", "kombu", "django_celery_beat"}
    }
    allowed = {"privacy/core/enqueue.py", "privacy/core/beat.py"}
    assert {name for name in named if not name.endswith("/tasks.py")} <= allowed


def test_the_app_never_imports_a_site() -> None:
    guilty = [
        f"{relative(path)}:{line}"
        for path in sources()
        for module, line in imported_modules(path)
        if module.split(".")[0] in {"project", "tests", "benchmarks"}
    ]
    assert not guilty


# --- the clock --------------------------------------------------------------------------------

CLOCKS = {
    "timezone": {"now", "localdate", "localtime"},
    "datetime": {"now", "today", "utcnow"},
    "date": {"today"},
    "time": {"time", "time_ns"},
}


def clock_readings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner = node.func.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if owner_name == "timezone" and node.func.attr in {"localtime", "localdate"} and node.args:
            continue
        if node.func.attr in CLOCKS.get(owner_name, ()):
            yield f"{relative(path)}:{node.lineno} {owner_name}.{node.func.attr}()"


def test_nothing_below_the_doors_reads_the_clock() -> None:
    below = [path for path in sources() if not DOORS_THAT_READ_THE_CLOCK.match(relative(path))]
    assert len(below) > 10
    assert not [reading for path in below for reading in clock_readings(path)]


def test_the_scan_for_clock_readings_sees_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from django.utils import timezone\nprint(timezone.now())\n")
    monkeypatch.setattr(sys.modules[__name__], "relative", lambda path: path.name)
    assert list(clock_readings(planted)) == ["planted.py:2 timezone.now()"]


# --- personal data ----------------------------------------------------------------------------


def our_models() -> list[type[models.Model]]:
    return list(apps.get_app_config("privacy").get_models(include_auto_created=True))


def test_no_table_of_ours_has_a_foreign_key_to_the_user() -> None:
    user = get_user_model()
    pointing = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model in (user, *user._meta.get_parent_list())
    ]
    assert our_models()
    assert not pointing


def test_no_migration_of_ours_points_at_the_user() -> None:
    for path in (HOUSE / "migrations").glob("*.py"):
        assert "AUTH_USER_MODEL" not in path.read_text(encoding="utf-8"), path.name


def str_methods() -> list[tuple[type[models.Model], str, set[str]]]:
    """Every model's own ``__str__``: the model, where it is written, the attributes of ``self`` it reads."""
    found = []
    for model in our_models():
        written = next((base for base in model.__mro__ if "__str__" in vars(base)), models.Model)
        if written is models.Model:
            continue
        source = inspect.getsource(written.__str__)
        tree = ast.parse(inspect.cleandoc("\n" + source) if source[0] == " " else source)
        read = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        }
        found.append((model, written.__module__, read))
    return found


def test_every_model_of_ours_says_what_it_is() -> None:
    silent = [model.__name__ for model in our_models() if model.__str__ is models.Model.__str__]
    assert not silent, f"without __str__: {silent}"


def test_no_str_reads_an_attribute_that_may_hold_a_persons_data() -> None:
    guilty = {
        f"{model.__name__}.{attribute}"
        for model, _, read in str_methods()
        for attribute in read
        if PERSONAL_WORDS.search(attribute.removeprefix("get_").removesuffix("_display"))
    }
    assert not guilty


# --- commands ---------------------------------------------------------------------------------


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app == "privacy")


def test_every_command_of_ours_starts_with_privacy_and_speaks_json() -> None:
    names = our_commands()
    if not names:
        pytest.skip("no command exists yet")
    for name in names:
        assert name.startswith("privacy_"), name
        parser: CommandParser = load_command_class("privacy", name).create_parser("manage.py", name)
        assert "--json" in parser._option_string_actions, f"{name} has no --json"


def test_a_command_is_thin() -> None:
    for path in (HOUSE / "management" / "commands").glob("privacy_*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 120, f"{path.name} does more than one call"


# --- templates --------------------------------------------------------------------------------

TEMPLATE_FOLDERS = [HOUSE / "templates", ROOT / "templates", ROOT / "project"]
NOT_UNDER_A_STRICT_POLICY = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[\s>]", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "a foreign host": re.compile(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//(?!www\.w3\.org)", re.IGNORECASE),
}


def test_no_template_needs_more_than_a_strict_content_policy() -> None:
    guilty = [
        f"{relative(path)}: {what}"
        for folder in TEMPLATE_FOLDERS
        if folder.exists()
        for path in sorted(folder.rglob("*.html"))
        for what, pattern in NOT_UNDER_A_STRICT_POLICY.items()
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert not guilty


# --- nothing of a machine ---------------------------------------------------------------------

# Put together from parts, so that this file does not find itself.
HOST_TRACES = re.compile(
    "|".join(
        [
            "/" + r"work/",
            "/" + r"home/[a-z]+/",
            "/" + r"root/",
            "pypi" + r"\.org",
            "files\\.python" + "hosted",
            "registry" + r"\.npmjs",
            "--" + "index-url",
            "--extra-" + "index-url",
            "deb\\.deb" + "ian\\.org",
        ]
    )
)


def test_no_file_names_a_path_of_one_machine_or_a_package_registry() -> None:
    guilty = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        guilty += [f"{relative(path)}: {match.group()}" for match in HOST_TRACES.finditer(text)]
    assert not guilty


def test_every_requirement_is_pinned_exactly_and_comes_from_nowhere_in_particular() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line.split("#")[0].strip() for line in lines]
    wanted = [line for line in wanted if line]
    assert len(wanted) > 30
    assert not [line for line in wanted if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+(\s*;.*)?", line)]
    names = [re.split(r"[\[=]", line)[0].lower().replace("_", "-") for line in wanted]
    assert len(names) == len(set(names))


def test_dependencies_named_for_the_wheel_are_pinned_too() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    wanted = {re.split(r"[\[<>=]", one)[0].lower().replace("_", "-") for one in named}
    pinned = {
        re.split(r"[\[=]", line)[0].lower().replace("_", "-")
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    }
    assert wanted <= pinned
