"""Which of the five sites the demonstration is: the apps it has, what it logs, and what its policy calls things.

A site that keeps nothing for clients does not have their tables, and one whose text names no address logs none. The
words on the left are the co-op's own, those on the right are its policy's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT = "harvest"
_KEPT = "site"


@dataclass(frozen=True, slots=True)
class Site:
    """One of the five.

    Attributes:
        key: the profile's file name without its ending.
        apps: what it has besides the co-op's own tables.
        purposes, points, clauses, bases: the policy's words for the co-op's.
        grounds: the policy's words for why a row outlives its person.
        logs: what is logged of a view or an opened mail besides browser and time.
        shortens: whether addresses have been shortened as they come, for a month now; before that they were whole.
    """

    key: str
    name: str
    apps: tuple[str, ...] = ()
    purposes: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    clauses: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    grounds: Mapping[str, str] = field(default_factory=dict)
    logs: tuple[str, ...] = ("ip", "country")
    shortens: bool = False

    def purpose(self, word: str) -> str:
        return self.purposes.get(word, word)

    def collected_at(self, *words: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.points.get(word, word) for word in words))

    def clause(self, number: str) -> str:
        return self.clauses.get(number, number)

    def basis(self, word: str) -> str:
        return self.bases.get(word, word)

    def unused(self, *fields: str) -> dict[str, str]:
        """Columns that stay empty here, as a declaration names them."""
        return {name: "never filled in: the policy names no such thing" for name in fields if name not in self.logs}

    def ground(self, word: str) -> str:
        return self.grounds.get(word, word)


def _clauses(collected: str, automatic: str, use: str) -> dict[str, str]:
    return {"§2.1": collected, "§2.2": automatic, "§2.3": collected, "§2.5": collected, "§3.5": automatic, "§5.1": use}


SITES = {
    site.key: site
    for site in (
        Site("harvest", "Harvest Traffic Coop", apps=("project.clients", "project.outside")),
        Site(
            "harvestr",
            "Harvestr",
            apps=("project.clients",),
            points={"posting": "use"},
            clauses=_clauses("§2", "§9", "§11") | {"§13": "§10", "§5.3": "§10"},
            bases={"legitimate_interests": "contract"},
            grounds={"litigation": "law"},
        ),
        Site(
            "coopt",
            "COOPT",
            apps=("project.outside",),
            points={"registration": "site", "use": "site", "posting": "site", "messaging": "text", "support": "email"},
            clauses=_clauses("What we collect", "What we collect", "Retention"),
            grounds={"litigation": "claims"},
            logs=(),
        ),
        Site(
            "harmony",
            "Harmony Mails",
            purposes={"service": "transactions", "promotion": "personalisation"},
            points={"messaging": "use"},
            clauses=_clauses("What we collect", "Cookies", "How we use it"),
        ),
        Site(
            "adsterra",
            "Adsterra",
            purposes={"improvement": "advertising", "promotion": "advertising"},
            clauses=_clauses("What we collect", "What we collect", "Security"),
            shortens=True,
        ),
    )
}


def chosen(directory: Path) -> Site:
    """The site that ``SITE`` names, else the one whose demonstration was the last in this directory."""
    kept = directory / _KEPT
    key = os.environ.get("SITE") or (kept.read_text(encoding="utf-8").strip() if kept.exists() else "")
    return SITES.get(key, SITES[DEFAULT])


def keep(directory: Path, site: Site) -> None:
    """Let the commands that come after the demonstration speak about the same site."""
    (directory / _KEPT).write_text(f"{site.key}\n", encoding="utf-8")
