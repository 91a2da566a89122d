"""The profile's ``[backups]`` table: how long dumps are kept, where, and when the site is warned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from privacy.backups.models import RegisteredCopy
from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.core.registries import ProfileSection, profile_sections, providers

KEPT_FOR = "backups.kept_for"
_KEYS = ("kept_for", "regions", "alarm_before")
_ALARM_BEFORE = "P3D"
_TWO_NIGHTS = Period(days=2)


class WrongBackupRules(PrivacyError):
    """The profile's ``[backups]`` table cannot be used; ``field`` names the key."""


@dataclass(frozen=True, slots=True)
class BackupRules:
    """What the site promises about its backups.

    Attributes:
        kept_for: the highest age of a dump, or None when nothing is promised.
        regions: where dumps may lie, compared letter by letter with ``BACKUP_REGION``; empty promises nothing.
        alarm_before: how long before the newest dump goes the site is warned that none will remain; nothing
            warns only afterwards.
    """

    kept_for: Period | None
    regions: tuple[str, ...]
    alarm_before: Period


def parse(table: Mapping[str, Any]) -> BackupRules:
    """Read ``[backups] kept_for="P1M" regions=["EU"] alarm_before="P3D"``; each key may be left out.

    Raises:
        WrongBackupRules: an unknown key, a period of nothing, an alarm before the dump exists, wrong regions.
        InvalidPeriod: a period that cannot be read.
    """
    if unknown := sorted(set(table) - set(_KEYS)):
        raise WrongBackupRules(
            field=f"backups.{unknown[0]}", problem="this key is not known", mend=f"Use one of: {', '.join(_KEYS)}"
        )
    regions = table.get("regions", [])
    if not isinstance(regions, list | tuple) or not all(isinstance(region, str) and region for region in regions):
        raise WrongBackupRules(
            field="backups.regions", problem="it is no list of regions", mend='Give a list such as ["EU"]'
        )
    alarm_before = Period.parse(table.get("alarm_before", _ALARM_BEFORE), field="backups.alarm_before")
    kept_for = Period.parse(table["kept_for"], field="backups.kept_for") if "kept_for" in table else None
    if kept_for is not None and not kept_for:
        raise WrongBackupRules(
            field="backups.kept_for",
            problem="every dump would be deleted in the night it was made",
            mend='Give a period longer than zero, such as "P1M"',
        )
    if alarm_before and _TWO_NIGHTS.may_outlast(alarm_before):
        raise WrongBackupRules(
            field="backups.alarm_before",
            problem=f"{alarm_before} before its end a dump is deleted already, since the night looks ahead",
            mend='Give at least "P2D", or "P0D" for no warning before',
        )
    if kept_for and alarm_before.may_outlast(kept_for):
        raise WrongBackupRules(
            field="backups.alarm_before",
            problem=f"{alarm_before} before a dump of {kept_for} goes, it may not exist yet",
            mend="Give a period shorter than kept_for",
        )
    return BackupRules(kept_for, tuple(regions), alarm_before)


def standing_rules(*, setting: str) -> list[Period]:
    """How long copies elsewhere are kept by the rules that are registered: a new profile may not contradict them."""
    if setting != KEPT_FOR:
        return []
    written = RegisteredCopy.objects.held().standing().values_list("kept_for", flat=True)
    return [Period.parse(period) for period in written]


profile_sections.add("backups", ProfileSection("backups", parse, {KEPT_FOR: lambda rules: rules.kept_for}))
providers.add("in_force.backups", standing_rules)
