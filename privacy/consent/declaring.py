"""Purposes and their wordings: taken over from the profile, or written by the site itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import router, transaction

from privacy.consent.commitments import digest_of
from privacy.consent.models import Purpose, Wording
from privacy.consent.rules import ConsentRules, DeclaredPurpose, is_code, is_language
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.locks import one_at_a_time
from privacy.core.periods import Period
from privacy.datamap.faults import LEGAL_BASES
from privacy.evidence.services import record

_COPIED = ("title", "legal_basis", "category", "express", "marketing")


class WrongPurpose(PrivacyError):
    """A purpose that nobody could be asked about."""


class WrongWording(PrivacyError):
    """Words that could not be shown again byte for byte, or a version that has other words already."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a profile changed: purposes ``added``, ``changed`` and ``retired``, and ``wordings`` added."""

    added: int
    changed: int
    retired: int
    wordings: int

    def counts(self) -> dict[str, int]:
        return asdict(self)


def take_over_purposes(*, rules: ConsentRules, now: datetime, actor: Actor) -> SyncReport:
    """Bring the purposes to what a profile says. One that it names no more is retired; the site's own stay.

    Raises:
        WrongWording: the profile has other words for a version that was served already.
    """
    added = changed = wordings = 0
    with _alone():
        known = {purpose.code: purpose for purpose in Purpose.objects.select_for_update()}
        for declared in rules.purposes:
            purpose = known.get(declared.code)
            if purpose is None:
                purpose = Purpose(code=declared.code, added_at=now, origin=Purpose.Origin.PROFILE)
                added += _saved("consent.purpose_added", purpose, declared, now=now, actor=actor)
            elif _differs(purpose, declared):
                changed += _saved("consent.purpose_changed", purpose, declared, now=now, actor=actor)
            for language, text in declared.wordings.items():
                wordings += _wording(declared.code, declared.version, language, text, now=now, actor=actor)[1]
        named = {declared.code for declared in rules.purposes}
        gone = [purpose for code, purpose in known.items() if code not in named and _is_from_profile(purpose)]
        for purpose in gone:
            _retire(purpose, now=now, actor=actor)
    return SyncReport(added, changed, len(gone), wordings)


def add_purpose(
    *,
    code: str,
    title: str,
    legal_basis: str,
    category: str,
    period: Period,
    express: bool = True,
    marketing: bool = False,
    covers: Sequence[str] = (),
    now: datetime,
    actor: Actor,
) -> Purpose:
    """Add a purpose that the profile does not name. Until people are told of it, or agree, CPT-2-5 is broken.

    Raises:
        WrongPurpose: names the argument.
    """
    _refuse_purpose(code, title, legal_basis, category, period)
    with _alone():
        if Purpose.objects.filter(pk=code).exists():
            raise WrongPurpose(field="code", problem="a purpose has this code", mend="Choose another one")
        purpose = Purpose(
            code=code,
            title=title,
            legal_basis=legal_basis,
            category=category,
            period=str(period) if period else "",
            express=express,
            marketing=marketing,
            covers=list(covers),
            origin=Purpose.Origin.SITE,
            added_at=now,
        )
        purpose.save(force_insert=True)
        _record("consent.purpose_added", purpose, now=now, actor=actor)
    return purpose


def retire_purpose(*, purpose: Purpose, now: datetime, actor: Actor) -> Purpose:
    """End a purpose of the site's own: nobody is asked, and nothing may be processed for it any more.

    Raises:
        WrongPurpose: the profile names it, or it is retired already.
    """
    with _alone():
        purpose = Purpose.objects.select_for_update().get(pk=purpose.pk)
        if purpose.retired_at is not None:
            raise WrongPurpose(field="purpose", problem="it is retired already", mend="Nothing is left to do")
        if purpose.origin == Purpose.Origin.PROFILE:
            raise WrongPurpose(
                field="purpose", problem="the profile names it", mend="Take it out of the profile, and load that"
            )
        _retire(purpose, now=now, actor=actor)
    return purpose


def announce_purpose(*, purpose: Purpose, where: str, now: datetime, actor: Actor) -> Purpose:
    """Write down that people were told of a purpose that was added later, and where (CPT-2-5).

    Raises:
        WrongPurpose: ``where`` says nothing, or it was announced already.
    """
    where = where.strip()
    if not where or len(where) > 200:
        raise WrongPurpose(
            field="where", problem="it does not say where people were told", mend="Write it in 200 letters at most"
        )
    with _alone():
        purpose = Purpose.objects.select_for_update().get(pk=purpose.pk)
        if purpose.announced_at is not None:
            raise WrongPurpose(field="purpose", problem="it was announced already", mend="Nothing is left to do")
        purpose.announced_at, purpose.announcement = now, where
        purpose.save(update_fields=["announced_at", "announcement"])
        _record("consent.purpose_announced", purpose, now=now, actor=actor)
    return purpose


def add_wording(*, purpose: str, version: str, language: str, text: str, now: datetime, actor: Actor) -> Wording:
    """Serve new words for a purpose from now on. The same words again give the row that is there.

    Args:
        text: shown exactly so, byte for byte.

    Raises:
        WrongWording: names the argument; a version has one text a language.
    """
    with _alone():
        if not Purpose.objects.asking().filter(pk=purpose).exists():
            raise WrongWording(
                field="purpose", problem="nobody is asked about it", mend="Choose one that rests on consent"
            )
        return _wording(purpose, version, language, text, now=now, actor=actor)[0]


def _alone() -> transaction.Atomic:
    """Purposes change rarely, and one at a time."""
    return _Alone(using=router.db_for_write(Purpose), savepoint=True, durable=False)


class _Alone(transaction.Atomic):
    """A transaction that waits for whoever changes purposes just now."""

    def __enter__(self) -> None:
        super().__enter__()
        one_at_a_time("privacy.consent.purposes", str(self.using))


def _wording(
    purpose: str, version: str, language: str, text: str, *, now: datetime, actor: Actor
) -> tuple[Wording, bool]:
    _refuse_wording(version, language, text)
    digest = digest_of(purpose=purpose, version=version, language=language, text=text)
    there = Wording.objects.of(purpose).filter(version=version, language=language).first()
    if there is not None and there.digest == digest:
        return there, False
    if there is not None:
        raise WrongWording(
            field="version",
            problem=f"version {version} of {purpose} has other words in {language} already",
            mend="Give the new words a version of their own: what was served once stays as it was",
        )
    wording = Wording(digest=digest, purpose=purpose, version=version, language=language, text=text, made_at=now)
    wording.save()
    details = {"purpose": purpose, "version": version, "language": language, "digest": digest}
    record(act="consent.wording_added", label="privacy.Wording", details=details, now=now, actor=actor)
    return wording, True


def _saved(act: str, purpose: Purpose, declared: DeclaredPurpose, *, now: datetime, actor: Actor) -> bool:
    for name in _COPIED:
        setattr(purpose, name, getattr(declared, name))
    purpose.period, purpose.covers = _period(declared), list(declared.covers)
    purpose.origin, purpose.retired_at = Purpose.Origin.PROFILE, None
    purpose.save()
    _record(act, purpose, now=now, actor=actor)
    return True


def _differs(purpose: Purpose, declared: DeclaredPurpose) -> bool:
    same = all(getattr(purpose, name) == getattr(declared, name) for name in _COPIED)
    same = same and purpose.period == _period(declared) and tuple(purpose.covers) == declared.covers
    return not same or not _is_from_profile(purpose) or purpose.retired_at is not None


def _period(declared: DeclaredPurpose) -> str:
    return str(declared.period) if declared.period else ""


def _is_from_profile(purpose: Purpose) -> bool:
    return purpose.origin == Purpose.Origin.PROFILE


def _retire(purpose: Purpose, *, now: datetime, actor: Actor) -> None:
    if purpose.retired_at is None:
        purpose.retired_at = now
        purpose.save(update_fields=["retired_at"])
        _record("consent.purpose_retired", purpose, now=now, actor=actor)


def _record(act: str, purpose: Purpose, *, now: datetime, actor: Actor) -> None:
    details = {
        "purpose": purpose.code,
        "title": purpose.title,
        "legal_basis": purpose.legal_basis,
        "period": purpose.period,
        "express": purpose.express,
        "announcement": purpose.announcement,
    }
    record(act=act, label="privacy.Purpose", details=details, now=now, actor=actor)


def _refuse_purpose(code: str, title: str, legal_basis: str, category: str, period: Period) -> None:
    if not is_code(code):
        raise WrongPurpose(field="code", problem="it is no code", mend='Use small letters, such as "newsletter"')
    for field, text, longest in (("title", title, 200), ("category", category, 100)):
        if not text.strip() or len(text) > longest:
            raise WrongPurpose(field=field, problem="it is empty or too long", mend="Write a few words")
    if legal_basis not in LEGAL_BASES:
        raise WrongPurpose(field="legal_basis", problem="it is not known", mend=f"Use one of: {', '.join(LEGAL_BASES)}")
    if legal_basis == "consent" and not period:
        raise WrongPurpose(
            field="period", problem="a consent without an end is kept for ever", mend='Give a period such as "P2Y"'
        )


def _refuse_wording(version: str, language: str, text: str) -> None:
    if not version.strip() or len(version) > 50:
        raise WrongWording(field="version", problem="it is empty or too long", mend='Give one such as "2026-03"')
    if not is_language(language):
        raise WrongWording(field="language", problem="it is no language tag", mend='Give one such as "en" or "de-AT"')
    if not text.strip():
        raise WrongWording(field="text", problem="nobody can agree to nothing", mend="Write what people agree to")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "\0"
    if "\0" in text:
        raise WrongWording(
            field="text", problem="a sign in it cannot be stored as it is", mend="Take half and zero signs out"
        )
