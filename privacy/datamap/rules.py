"""The profile's ``[datamap]`` table: what the published text allows the inventory to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.datamap.faults import LEGAL_BASES

IP_MODES = ("full", "shortened", "hashed", "off")


class WrongDatamapRules(PrivacyError):
    """A key of ``[datamap]`` cannot be used."""


@dataclass(frozen=True, slots=True)
class DatamapRules:
    """What the text lists. An empty list means that the text lists nothing, so nothing can be outside it.

    Attributes:
        legal_bases: the grounds the text names (HTC-2-1).
        purposes: the uses the text names (HVR-3-1, CPT-2-1, HMY-4-1).
        event_fields: what the text says is gathered automatically (HTC-2.2-1, CPT-1-4, ADS-1-2).
        collection_points: where the text says people hand over data (HTC-2.1-1, HMY-3-1).
        sources: names of the providers and feeds the text speaks of (HTC-2.5-1, CPT-1-3).
        ip: in which form addresses of visitors may be stored (ADS-1-2).
    """

    legal_bases: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    event_fields: tuple[str, ...] = ()
    collection_points: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    ip: str = "full"

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> DatamapRules:
        """Read the TOML table.

        Raises:
            WrongDatamapRules: an unknown key, a list that is none, an unknown legal basis or IP mode.
        """
        known = [item.name for item in fields(cls)]
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                raise _wrong(key, "unknown key", f"Use {', '.join(known)}")
            if key == "ip":
                if value not in IP_MODES:
                    raise _wrong(key, f"{value!r} is not known", f"Use one of: {', '.join(IP_MODES)}")
                values[key] = value
                continue
            if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
                raise _wrong(key, "it is no list of words", 'Give a list such as ["registration", "use"]')
            values[key] = tuple(value)
        for basis in values.get("legal_bases", ()):
            if basis not in LEGAL_BASES:
                raise _wrong("legal_bases", f'"{basis}" is not known', f"Use some of: {', '.join(LEGAL_BASES)}")
        return cls(**values)


def _wrong(key: str, problem: str, mend: str) -> WrongDatamapRules:
    return WrongDatamapRules(field=f"datamap.{key}", problem=problem, mend=mend)
