"""What a site holds, seen from outside: every row of every table, every file, and what the evidence tells.

Nothing of the app is asked here: it might tell the same untruth as its rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

Ask = Callable[..., list[tuple[Any, ...]]]

#: Tables that tell when and how often something was tried; what they prove is compared by ``told``.
_OF_ATTEMPTS = {
    "privacy_nightrun", "privacy_nightsteprun", "privacy_evidenceentry", "privacy_evidencedetail",
    "privacy_seal", "privacy_sealleaf", "privacy_promiserun", "privacy_promiseresult", "privacy_backupstorage",
    "privacy_journalpage",
    "sqlite_sequence",
}  # fmt: skip
#: Columns of the app's own tables that must differ between two runs: random keys, moments and counts of attempts, and
#: what is one batch's share, or was known by then. No column of the site itself may differ.
_OF_THE_ATTEMPT = re.compile(r"id|closure_id|batch|steps|kept|attempts|claim|claimed_until|backups_until|\w+_at")
_SAME_IN_EACH_RUN = {"closed_at", "due_at"}
#: Folders of the site that hold nobody's data.
_NO_FILES_OF_PEOPLE = ("broker", "mail", "journal")


def rows(ask: Ask, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Every row of every table as text, in an order that does not depend on the run."""
    found = {}
    for table, names in columns.items():
        if table not in _OF_ATTEMPTS:
            ours = table.startswith("privacy_")
            wanted = ", ".join(f'"{name}"' for name in names if not ours or not _is_of_the_attempt(name))
            found[table] = sorted(map(repr, ask(f'SELECT {wanted} FROM "{table}"')))
    return found


def journal(folder: Path) -> dict[str, Any]:
    """What the journal tells of closures: how many went which way, and the ones not told once."""
    states: dict[str, list[str]] = {}
    for path in sorted((folder / "journal").glob("*.jsonl")):
        for line in filter(None, map(_line, path.read_text().splitlines())):
            if line["kind"] == "closure":
                for name in (line["id"], *line.get("others", ())):
                    states.setdefault(name, []).append(line["state"])
    ways = Counter(tuple(state for state in told if state in ("intended", "done", "void")) for told in states.values())
    return {"done": sum("done" in told for told in states.values()), "ways": dict(ways)}


def _line(text: str) -> dict[str, Any] | None:
    """The line; None for one that a crash or a full disk cut short, which tells nothing."""
    try:
        line: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        return None
    return line


def _is_of_the_attempt(column: str) -> bool:
    return bool(_OF_THE_ATTEMPT.fullmatch(column)) and column not in _SAME_IN_EACH_RUN


def files(folder: Path) -> dict[str, str]:
    """Every file below the site's folder but its own database, by the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
        and not path.name.startswith("site.sqlite3")
        and path.relative_to(folder).parts[0] not in _NO_FILES_OF_PEOPLE
    }


def told(ask: Ask) -> dict[str, Any]:
    """What the evidence says was done: sums by act, and each erased account with how often it is told."""
    sums: Counter[str] = Counter()
    for act, label, counts in ask("SELECT act, label, counts FROM privacy_evidenceentry"):
        if act.startswith(("disposal.", "backups.")):
            sums[f"{act} {label}"] += act == "disposal.account_erased"
            for word, count in (json.loads(counts) if isinstance(counts, str) else counts or {}).items():
                sums[f"{act} {label}: {word}"] += count
    people = Counter(
        json.loads(content)["details"]["pseudonym"]
        for (content,) in ask(
            "SELECT d.content FROM privacy_evidencedetail d JOIN privacy_evidenceentry e ON e.id = d.entry_id"
            " WHERE e.act = 'disposal.account_erased'"
        )
    )
    return {"sums": {word: count for word, count in sums.items() if count}, "people": dict(people)}
