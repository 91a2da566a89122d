"""Reads the promises of a profile, one ``[[promise]]`` at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from privacy.core.periods import InvalidPeriod, Period
from privacy.core.registries import ParamKind, live_checks, profile_sections
from privacy.promises.bounds import find_reader
from privacy.promises.faults import Faults, TableReader
from privacy.promises.ledger import CHECK_SEPARATOR

_ID = re.compile(r"([A-Z]{2,10})-\d+(\.\d+)*-\d+")
_CHECK = re.compile(r"[a-z_]+\.[a-z_]+")
_KINDS = ("duty", "freedom", "fact")
_BOUNDS = ("ceiling", "floor")
#: The ledger keeps the names of all checks of a promise in one column.
_LONGEST_CHECKS = 400


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


def read_promises(document: Mapping[str, Any], site: str, faults: Faults) -> tuple[PromiseDraft, ...]:
    """Read every ``[[promise]]`` of a profile; what is wrong goes to ``faults``."""
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
    checks = _checks(reader)
    draft = PromiseDraft(
        code=code,
        clause=reader.text("clause", example="§10", required=True, longest=80),
        kind=reader.choice("kind", _KINDS, required=True),
        says=reader.text("says", example="Backups are kept for one month.", required=True, longest=300),
        checks=checks,
        figure=reader.text("figure", example="P1M", longest=60),
        bound=reader.choice("bound", _BOUNDS),
        setting=reader.text("setting", example="backups.kept_for", longest=100),
        params=_params(reader, checks),
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
    if len(CHECK_SEPARATOR.join(names)) > _LONGEST_CHECKS:
        reader.fault("check", f"the names have over {_LONGEST_CHECKS} characters together", "Split the promise in two")
    if len(set(names)) < len(names):
        reader.fault("check", "one name stands there twice", "Name each check once")
    return tuple(dict.fromkeys(names))


def _params(reader: TableReader, checks: tuple[str, ...]) -> dict[str, Any]:
    """What the checks read beyond the figure; a param that none of them reads would be ignored in silence."""
    table = dict(reader.inner("params").table)
    known = [check for name in checks if (check := live_checks.find(name))]
    kinds = {name: kind for check in known for name, kind in check.params.items()}
    params = TableReader(table, label=f"{reader.label}: params", faults=reader.faults)
    for name in sorted(kinds.keys() & table.keys()):
        _PARAMS[kinds[name]](params, name)
    if checks and len(known) == len(checks):  # nobody knows yet what the check of a later room reads
        for name in sorted(table.keys() - kinds.keys()):
            reader.faults.unknown(params.label, name, kinds, what="param")
    return table


def _some_texts(params: TableReader, name: str) -> None:
    if params.texts(name, example="events") == [] and params.table[name] == []:
        params.fault(name, "the list is empty", f'Write {name} = ["events"], or leave it out')


_PARAMS: Mapping[ParamKind, Callable[[TableReader, str], object]] = {
    "text": lambda params, name: params.text(name, example="provider", required=True),
    "texts": _some_texts,
    "flag": lambda params, name: params.flag(name),
    "period": lambda params, name: params.period(name, example="PT5M"),
}


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
