"""Reads a profile: the site's facts, its promises, and the tables that other rooms own.

Everything is looked at before anything is written, and every fault is reported at once.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.periods import InvalidPeriod, Period
from privacy.core.registries import profile_sections
from privacy.promises.bounds import figures_of, find_reader, weaker
from privacy.promises.drafts import PromiseDraft, read_promises
from privacy.promises.facts import Facts, read_facts
from privacy.promises.faults import Faults, WrongProfile

_REFERENCE = "docs/reference/promises.md"


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
    _refuse_unstorable(document, faults)
    known = {"site", "promise", *profile_sections.names()}
    for name in document:
        if name not in known:
            faults.unknown(f"[{name}]", "", known, name=name, what="table")
    facts = _site(document, faults)
    tables, rules = _sections(document, faults)
    promises = read_promises(document, facts.code, faults)
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


def _refuse_unstorable(document: Mapping[str, Any], faults: Faults) -> None:
    """TOML knows dates, infinity and NUL, the database's columns do not."""
    for table, key, value in _leaves(document, "", ""):
        if isinstance(value, date | datetime | time):
            faults.add(table, key, "a bare date cannot be kept", f'Put it in quotes, "{value.isoformat()}"')
        elif isinstance(value, float) and not math.isfinite(value):
            faults.add(table, key, f"{value} is no number", "Write a finite number, or leave the key out")
        elif isinstance(value, str) and "\0" in value:
            faults.add(table, key, "it holds a NUL character", "Remove it")


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
