"""Reads a profile: the site's facts, its promises, and the tables that other rooms own.

Everything is looked at before anything is written, and every fault is reported at once.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.periods import InvalidPeriod, Period
from privacy.core.registries import live_checks, profile_sections
from privacy.promises.bounds import figures_of, find_reader, weaker
from privacy.promises.facts import Facts, read_facts
from privacy.promises.faults import Faults, TableReader, WrongProfile

_ID = re.compile(r"([A-Z]{2,10})-\d+(\.\d+)*-\d+")
_CHECK = re.compile(r"[a-z_]+\.[a-z_]+")
_KINDS = ("duty", "freedom", "fact")
_BOUNDS = ("ceiling", "floor")
_REFERENCE = "docs/reference/promises.md"


@dataclass(frozen=True, slots=True)
class PromiseDraft:
    """One ``[[promise]]`` as read; the attributes are the keys of the table, ``checks`` for ``check``."""

    code: str
    clause: str
    kind: str
    says: str
    checks: tuple[str, ...]
    figure: str = ""
    bound: str = ""
    setting: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""

    @property
    def label(self) -> str:
        return f"[[promise]] {self.code}"


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole profile, valid by itself.

    Attributes:
        facts: who the site is.
        promises: in the file's order.
        tables: the other rooms' tables as written.
        rules: the same tables as their rooms understand them.
        source: the file's name, without its folder.
        fingerprint: SHA-256 of the file.
    """

    facts: Facts
    promises: tuple[PromiseDraft, ...]
    tables: Mapping[str, Mapping[str, Any]]
    rules: Mapping[str, Any]
    source: str
    fingerprint: str


def read_profile(path: Path) -> Profile:
    """Read and check a profile.

    Raises:
        WrongProfile: with every fault of the file, each naming its table, its key and the mend.
    """
    faults = Faults()
    document, raw = _document(path)
    _refuse_dates(document, faults)
    known = {"site", "promise", *profile_sections.names()}
    for name in document:
        if name not in known:
            faults.unknown(f"[{name}]", "", known, name=name, what="table")
    facts = _site(document, faults)
    tables, rules = _sections(document, faults)
    promises = _promises(document, facts.code, faults)
    _contradictions(promises, tables, rules, faults)
    if faults.found:
        raise WrongProfile(file=str(path), faults=faults.found)
    return Profile(facts, promises, tables, rules, path.name, hashlib.sha256(raw).hexdigest())


def _document(path: Path) -> tuple[dict[str, Any], bytes]:
    faults = Faults()
    try:
        raw = path.read_bytes()
        return tomllib.loads(raw.decode()), raw
    except OSError as error:
        faults.add("", "", f"the file cannot be read ({error.strerror})", "Name a TOML file that this process may read")
    except UnicodeDecodeError:
        faults.add("", "", "the file is not written in UTF-8", "Save it in UTF-8")
    except tomllib.TOMLDecodeError as error:
        faults.add("", "", f"this is not TOML: {error}", "Mend that line; texts and periods stand in double quotes")
    raise WrongProfile(file=str(path), faults=faults.found)


def _site(document: Mapping[str, Any], faults: Faults) -> Facts:
    table = document.get("site")
    if isinstance(table, dict):
        return read_facts(table, faults)
    faults.add("[site]", "", "the table is missing", 'Open it with [site], code = "HTC" and name = "Example Coop"')
    return Facts()


def _sections(document: Mapping[str, Any], faults: Faults) -> tuple[dict[str, Any], dict[str, Any]]:
    tables: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    for section in profile_sections:
        if section.name not in document:
            continue
        label, table = f"[{section.name}]", document[section.name]
        if not isinstance(table, dict):
            faults.add(label, "", "it is no table", f"Open it with {label} on a line of its own")
            continue
        try:
            rules[section.name] = section.parse(table)
        except PrivacyError as error:
            faults.add(label, _bare_key(error.field, section.name), error.problem, error.mend)
        except Exception as error:  # noqa: BLE001
            # a room met a shape it never thought of; the file is at fault and the other tables are still read
            faults.add(label, "", f"the table cannot be read ({type(error).__name__})", f"Compare it with {_REFERENCE}")
        tables[section.name] = table
    return tables, rules


def _bare_key(field: str, section: str) -> str:
    """Rooms name their keys as they like: ``after``, ``closure.after`` or ``[closure] after``."""
    for prefix in (f"[{section}]", f"{section}."):
        field = field.removeprefix(prefix).strip(" :")
    return "" if field == section else field


def _promises(document: Mapping[str, Any], site: str, faults: Faults) -> tuple[PromiseDraft, ...]:
    tables = document.get("promise", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        faults.add(
            "[[promise]]", "", "no promise is written down", "Open each one with [[promise]], in double brackets"
        )
        return ()
    drafts = [_promise(number, table, site, faults) for number, table in enumerate(tables, start=1)]
    seen: set[str] = set()
    for draft in drafts:
        if draft.code and draft.code in seen:
            faults.add(draft.label, "id", "two promises have this id", "Give each promise an id of its own")
        seen.add(draft.code)
    return tuple(drafts)


def _promise(number: int, table: Mapping[str, Any], site: str, faults: Faults) -> PromiseDraft:
    given = table.get("id")
    label = f"[[promise]] {given}" if isinstance(given, str) and given else f"[[promise]] number {number}"
    reader = TableReader(table, label=label, faults=faults)
    code = reader.text("id", example=f"{site or 'HTC'}-10-4", required=True, longest=40)
    parts = _ID.fullmatch(code)
    if code and not parts:
        reader.fault("id", "it is not made of site, clause and number", f'Write it as in "{site or "HTC"}-10-4"')
    elif parts and site and parts[1] != site:
        reader.fault("id", f"it belongs to another site than {site}", f'Let it begin with "{site}-"')
    draft = PromiseDraft(
        code=code,
        clause=reader.text("clause", example="§10", required=True, longest=80),
        kind=reader.choice("kind", _KINDS, required=True),
        says=reader.text("says", example="Backups are kept for one month.", required=True, longest=300),
        checks=_checks(reader),
        figure=reader.text("figure", example="P1M", longest=60),
        bound=reader.choice("bound", _BOUNDS),
        setting=reader.text("setting", example="backups.kept_for", longest=100),
        params=dict(reader.inner("params").table),
        needs=reader.text("needs", example="a register of requests", longest=200),
    )
    reader.close()
    _figures(draft, reader)
    _answerable(draft, reader)
    return draft


def _checks(reader: TableReader) -> tuple[str, ...]:
    """``check`` is one name or a list of names; the worst answer is the promise's."""
    mend = 'Write one name, check = "backups.none_over_age", or a list of names'
    if isinstance(reader.table.get("check"), list):
        names = reader.texts("check", example="backups.none_over_age")
        if not names:
            reader.fault("check", "the list names no check", mend)
    else:
        name = reader.text("check", example="backups.none_over_age", required=True)
        names = [name] if name else []
    for name in names:
        if not _CHECK.fullmatch(name):
            reader.fault("check", f'"{name}" is not written as room.question', mend)
    if len(set(names)) < len(names):
        reader.fault("check", "one name stands there twice", "Name each check once")
    return tuple(dict.fromkeys(names))


def _figures(draft: PromiseDraft, reader: TableReader) -> None:
    if draft.bound and not reader.table.get("figure"):
        reader.fault("figure", f"a {draft.bound} has no figure", 'Write a period such as figure = "P1M"')
    if draft.setting and not reader.table.get("bound"):
        reader.fault(
            "bound", f'nobody says which way "{draft.setting}" is bound', 'Write bound = "ceiling" or bound = "floor"'
        )
    if draft.figure and (draft.bound or draft.setting or draft.figure.startswith("P")):
        try:
            Period.parse(draft.figure, field="figure")
        except InvalidPeriod as error:
            reader.fault("figure", error.problem, error.mend)
    if draft.setting and find_reader(draft.setting) is None:
        known = sorted(name for section in profile_sections for name in section.settings)
        reader.faults.unknown(reader.label, "setting", known, name=draft.setting, what="setting")


def _answerable(draft: PromiseDraft, reader: TableReader) -> None:
    """A check that nobody registered is a typing error, unless the promise says which record is missing."""
    if draft.needs:
        return
    for name in draft.checks:
        if _CHECK.fullmatch(name) and name not in live_checks:
            reader.faults.unknown(reader.label, "check", live_checks.names(), name=name, what="live check")


def _contradictions(
    promises: tuple[PromiseDraft, ...], tables: Mapping[str, Any], rules: Mapping[str, Any], faults: Faults
) -> None:
    """A promise that a setting in force would break from the first minute is refused."""
    for draft in promises:
        if not draft.setting or not draft.bound or find_reader(draft.setting) is None:
            continue
        try:
            promised = Period.parse(draft.figure)
        except InvalidPeriod:
            continue
        section = draft.setting.partition(".")[0]
        if section not in tables:
            faults.add(
                draft.label,
                "setting",
                f'"{draft.setting}" is bound, but the profile has no table [{section}]',
                f"Add [{section}], so that what is promised is also set",
            )
        for place, period in figures_of(draft.setting, rules.get(section)):
            if weaker(period, promised, draft.bound):
                least = "at most" if draft.bound == "ceiling" else "at least"
                faults.add(
                    draft.label,
                    "figure",
                    f"{promised} is promised as a {draft.bound}, but {place} is {period}",
                    f"Set {draft.setting} to {least} {promised}, or correct the promise if the text says otherwise",
                )


def _refuse_dates(document: Mapping[str, Any], faults: Faults) -> None:
    """TOML knows dates, JSON columns do not: a figure is always a text."""
    for table, key, value in _leaves(document, "", ""):
        if isinstance(value, date | datetime | time):
            faults.add(table, key, "a bare date cannot be kept", f'Put it in quotes, "{value.isoformat()}"')


def _leaves(value: Any, table: str, key: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            inside = ".".join(part for part in (key, name) if part) if table else ""
            yield from _leaves(inner, table or f"[{name}]", inside)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, table, key)
    else:
        yield table, key, value
