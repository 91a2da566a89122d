"""The profile's ``[consent]`` table: for what people are asked, in which words, and how long the proof is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.datamap.faults import LEGAL_BASES
from privacy.promises.queries import section

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,49}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TEXTS = ("code", "title", "legal_basis", "category", "period", "version")
_FLAGS = ("express", "marketing")


class WrongConsentRules(PrivacyError):
    """A key of ``[consent]`` cannot be used."""


@dataclass(frozen=True, slots=True)
class DeclaredPurpose:
    """One ``[[consent.purposes]]``; the attributes are those of the ``Purpose`` that it becomes.

    Attributes:
        period: how long a grant lasts; nothing where the purpose does not rest on consent.
        version: of the wordings.
        wordings: language to the exact text.
    """

    code: str
    title: str
    legal_basis: str
    category: str
    period: Period
    express: bool = True
    marketing: bool = False
    covers: tuple[str, ...] = ()
    version: str = ""
    wordings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """What the site asks, and for how long it keeps the proof of an answer.

    Attributes:
        purposes: in the profile's order.
        proof_kept: how long after its end a decision can still be proved.
    """

    purposes: tuple[DeclaredPurpose, ...] = ()
    proof_kept: Period = Period(months=36)

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> ConsentRules:
        """Read the TOML table.

        Raises:
            WrongConsentRules: names the key.
            InvalidPeriod: a period that is none.
        """
        for key in table:
            if key not in ("proof_kept", "purposes"):
                raise _wrong(key, "unknown key", "Use proof_kept, purposes")
        kept = Period.parse(table.get("proof_kept", "P3Y"), field="consent.proof_kept")
        if not kept:
            raise _wrong("proof_kept", "it is no time at all", 'Give a period such as "P3Y"')
        listed = table.get("purposes", [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise _wrong("purposes", "it is no list of tables", "Open each with [[consent.purposes]]")
        purposes = tuple(_purpose(one) for one in listed)
        codes = [one.code for one in purposes]
        if len(set(codes)) < len(codes):
            raise _wrong("purposes", "two have the same code", "Give each a code of its own")
        return cls(purposes, kept)


def consent_rules() -> ConsentRules:
    """The profile's rules; without a profile, the app's own."""
    found = section("consent")
    return found if isinstance(found, ConsentRules) else ConsentRules()


def is_code(word: str) -> bool:
    """Whether a purpose may be called so."""
    return bool(_CODE.fullmatch(word))


def is_language(word: str) -> bool:
    """Whether it is a language tag."""
    return len(word) <= 35 and bool(_LANGUAGE.fullmatch(word))


def _purpose(table: Mapping[str, Any]) -> DeclaredPurpose:
    known = [item.name for item in fields(DeclaredPurpose)]
    for key in table:
        if key not in known:
            raise _wrong(f"purposes.{key}", "unknown key", f"Use {', '.join(known)}")
    texts = {key: table.get(key, "") for key in _TEXTS}
    for key, value in texts.items():
        if not isinstance(value, str) or (not value and key not in ("period", "version")):
            raise _wrong(f"purposes.{key}", "it is no text", "Give a text in double quotes")
    if not is_code(texts["code"]):
        raise _wrong("purposes.code", "it is no code", 'Use small letters, such as "newsletter"')
    name = f"purposes.{texts['code']}"
    if texts["legal_basis"] not in LEGAL_BASES:
        raise _wrong(f"{name}.legal_basis", "it is not known", f"Use one of: {', '.join(LEGAL_BASES)}")
    for key in _FLAGS:
        if not isinstance(table.get(key, True), bool):
            raise _wrong(f"{name}.{key}", "it is neither true nor false", "Write true or false")
    covers, wordings = table.get("covers", []), table.get("wordings", {})
    if not isinstance(covers, list) or not all(isinstance(word, str) and word for word in covers):
        raise _wrong(f"{name}.covers", "it is no list of words", 'Give a list such as ["promotion"]')
    if not isinstance(wordings, dict) or not all(
        is_language(key) and isinstance(text, str) and text for key, text in wordings.items()
    ):
        raise _wrong(f"{name}.wordings", "it is no text by language", 'Give { en = "I agree that …" }')
    period = Period.parse(texts["period"], field=f"consent.{name}.period") if texts["period"] else Period()
    if texts["legal_basis"] == "consent":
        _refuse_unasked(name, period, texts["version"], wordings)
    return DeclaredPurpose(
        code=texts["code"],
        title=texts["title"],
        legal_basis=texts["legal_basis"],
        category=texts["category"],
        period=period,
        express=table.get("express", True),
        marketing=table.get("marketing", False),
        covers=tuple(covers),
        version=texts["version"],
        wordings=dict(wordings),
    )


def _refuse_unasked(name: str, period: Period, version: str, wordings: Mapping[str, str]) -> None:
    if not period:
        raise _wrong(f"{name}.period", "a consent without an end is kept for ever", 'Give a period such as "P2Y"')
    if not wordings or not version:
        raise _wrong(
            f"{name}.wordings",
            "nobody can be asked without words and their version",
            'Give version = "1" and wordings = { en = "I agree that …" }',
        )


def _wrong(key: str, problem: str, mend: str) -> WrongConsentRules:
    return WrongConsentRules(field=f"consent.{key}", problem=problem, mend=mend)
