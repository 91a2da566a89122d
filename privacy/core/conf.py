"""The ``PRIVACY`` setting, read lazily through one typed class.

Every key has a reader that raises ``WrongSetting`` with the key and the mend; the system
checks call them all, so that a wrong value is found before the night runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar, cast, overload
from zoneinfo import ZoneInfo

from django.conf import settings as django_settings

from privacy.core.errors import PrivacyError
from privacy.core.periods import Calendar, InvalidPeriod, Period, has_holidays

T = TypeVar("T")


class WrongSetting(PrivacyError):
    """A key or value of the ``PRIVACY`` setting that cannot be used."""

    def __init__(self, key: str, problem: str, mend: str) -> None:
        super().__init__(field=f"PRIVACY[{key!r}]" if key else "PRIVACY", problem=problem, mend=mend)


class Setting(Generic[T]):
    """One key: its default and the function that turns the raw value into a typed one."""

    def __init__(self, default: Any, read: Callable[[str, Any], T]) -> None:
        self.default = default
        self.read = read

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = name.upper()

    @overload
    def __get__(self, instance: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Setting[T] | T:
        if instance is None:
            return self
        raw = getattr(django_settings, "PRIVACY", {})
        if not isinstance(raw, Mapping):
            raise WrongSetting("", "it is not a dictionary", "Make it a dictionary of settings")
        return self.read(self.key, raw.get(self.key, self.default))


def _boolean(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongSetting(key, f"{value!r} is neither True nor False", "Give True or False")
    return value


def _positive(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise WrongSetting(key, f"{value!r} is no whole number above zero", "Give a whole number above zero")
    return value


def _whole(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise WrongSetting(key, f"{value!r} is no whole number", "Give a whole number, 0 for no limit")
    return value


def _share(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise WrongSetting(key, f"{value!r} is no share", "Give a number above 0 and up to 1, such as 0.05")
    return float(value)


def _seconds(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise WrongSetting(key, f"{value!r} is no time in seconds", "Give seconds, such as 0.5")
    return float(value)


def _time_of_day(key: str, value: Any) -> time:
    # fromisoformat would also take seconds and a zone, which the night's crontab cannot keep.
    try:
        return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except (TypeError, ValueError):
        raise WrongSetting(key, f"{value!r} is no time of day", 'Give hours and minutes, such as "03:30"') from None


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongSetting(key, f"{value!r} is no text", "Give a text")
    return value


def _address(key: str, value: Any) -> str:
    text = _text(key, value)
    if text and not text.startswith(("https://", "http://")):
        raise WrongSetting(key, f"{text!r} is no web address", 'Give it with its scheme, such as "https://example.org"')
    return text.rstrip("/")


def _period(key: str, value: Any) -> Period:
    try:
        period = Period.parse(value, field=key)
    except InvalidPeriod as error:
        raise WrongSetting(key, error.problem, error.mend) from None
    if not period:
        raise WrongSetting(key, "it is no time at all", 'Give a period such as "P3Y"')
    return period


def _keys(key: str, value: Any) -> tuple[str, ...]:
    if (
        isinstance(value, str)
        or not isinstance(value, list | tuple)
        or not all(isinstance(item, str) and len(item) >= 32 for item in value)
    ):
        raise WrongSetting(
            key, "it is no list of secrets of at least 32 characters", "Give a list, the newest secret first"
        )
    return tuple(value)


def _places(key: str, value: Any) -> tuple[str, ...]:
    if (
        isinstance(value, str)
        or not isinstance(value, list | tuple)
        or not all(isinstance(item, str | PathLike) and str(item) for item in value)
    ):
        raise WrongSetting(key, "it is no list of files", 'Give a list of files or of "env:NAME", the newest key first')
    return tuple(str(item) for item in value)


def _words(key: str, value: Any) -> tuple[str, ...]:
    if (
        isinstance(value, str)
        or not isinstance(value, list | tuple)
        or not all(isinstance(item, str) and item.strip("/ ") for item in value)
    ):
        raise WrongSetting(key, "it is no list of texts", 'Give a list such as ["/shop/basket/", "shop:terms"]')
    return tuple(value)


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def read(key: str, value: Any) -> str:
        if value not in choices:
            raise WrongSetting(key, f"{value!r} is not known", f"Use one of: {', '.join(choices)}")
        return cast(str, value)

    return read


@dataclass(frozen=True, slots=True)
class TakeOverRule:
    """How accounts that the site closed itself are recognised.

    Attributes:
        filter: keyword arguments for the user model's queryset; empty takes nobody over.
        closed_at: ORM path from the user to the moment of closing.
    """

    filter: Mapping[str, Any]
    closed_at: str


def _take_over(key: str, value: Any) -> TakeOverRule | None:
    if value is None:
        return None
    mend = 'Give {"filter": {"is_active": False, …}, "closed_at": "path.to.the.date"}'
    if not isinstance(value, Mapping) or set(value) != {"filter", "closed_at"}:
        raise WrongSetting(key, "it needs the keys filter and closed_at, and no others", mend)
    if not isinstance(value["filter"], Mapping) or not value["filter"]:
        raise WrongSetting(key, "filter would take every account over", mend)
    if not isinstance(value["closed_at"], str) or not value["closed_at"]:
        raise WrongSetting(key, "closed_at names no path", mend)
    return TakeOverRule(dict(value["filter"]), value["closed_at"].replace(".", "__"))


def _folder(key: str, value: Any) -> Path | None:
    if value in ("", None):
        return None
    if not isinstance(value, str | PathLike) or not Path(value).is_absolute():
        raise WrongSetting(key, f"{value!r} is no absolute path", 'Give a folder such as BASE_DIR / "journal"')
    return Path(value)


def _paths(key: str, value: Any) -> tuple[str, ...]:
    if (
        isinstance(value, str)
        or not isinstance(value, list | tuple)
        or not all(isinstance(item, str) and re.fullmatch(r"/[^\s#]*", item) for item in value)
    ):
        raise WrongSetting(key, "it is no list of paths", 'Give a list such as ["/", "/contact/"]')
    return tuple(value)


def _rate(key: str, value: Any) -> str:
    text = _text(key, value)
    if text and not re.fullmatch(r"[1-9][0-9]*/(second|minute|hour|day)", text):
        raise WrongSetting(key, f"{text!r} is no rate", 'Give a number and a time, such as "600/minute"')
    return text


class Settings:
    """Typed access to ``PRIVACY``. Reading costs a dictionary look-up; nothing is cached.

    Raises:
        WrongSetting: from any attribute whose raw value cannot be used.
    """

    #: Secrets for pseudonyms, the newest first; empty derives one from SECRET_KEY.
    pseudonym_keys = Setting((), _keys)
    #: When the night begins, in the site's zone.
    night_at = Setting("03:30", _time_of_day)
    #: Country and region whose public holidays are no business days ("" counts weekends only).
    country = Setting("", _text)
    subdivision = Setting("", _text)
    #: Accounts that the site closed by its own flag are taken over by the night.
    closed_accounts = Setting(None, _take_over)
    #: A night that would remove a larger share of all accounts stops and asks.
    large_night_share = Setting(0.05, _share)
    #: People treated in one transaction.
    batch_size = Setting(2_000, _positive)
    #: Rows removed in one statement of an expiry window.
    window_rows = Setting(50_000, _positive)
    #: Seconds that a storage may take to remove one file.
    storage_timeout = Setting(30, _positive)
    #: Seconds that one transaction of bulk work should take at most; SQLite allows half a second.
    transaction_seconds = Setting(5, _seconds)
    #: The share of the time for which bulk work may keep the database busy; 1 never pauses for the site.
    night_share = Setting(1, _share)
    #: An account with more rows is destroyed by a task at once, not in the closing request.
    close_in_request_rows = Setting(20_000, _positive)
    #: "enforce" makes an undeclared model an error of ``check``, "warn" a warning.
    coverage = Setting("warn", _one_of("warn", "enforce"))
    #: False lets TransactionTestCase flush the evidence table. Refused by ``check --deploy``.
    evidence_triggers = Setting(True, _boolean)
    #: Files (or "env:NAME") with the Ed25519 keys that seal the evidence, the newest first; empty seals unsigned.
    seal_keys = Setting((), _places)
    #: How long the erasable half of an evidence entry (who, about whom) is kept where no other end is given.
    evidence_details_kept = Setting("P3Y", _period)
    #: Folder of the journal, outside the database and shared by all machines; without it a restore undoes erasures.
    journal_dir = Setting(None, _folder)
    #: The user model's field that tells when an account was made; found by itself where it has a usual name.
    account_created = Setting("", _text)
    #: The alias in STORAGES where database dumps lie.
    backup_storage = Setting("dbbackup", _text)
    #: Where that storage keeps them ("EU", "eu-central-1"); compared with the regions of the profile.
    backup_region = Setting("", _text)
    #: The backend that carries mail when EMAIL_BACKEND is privacy.messages.backends.EmailBackend.
    mail_backend = Setting("django.core.mail.backends.smtp.EmailBackend", _text)
    #: The topic of mail that other code of the site sends without naming one.
    mail_topic = Setting("site_mail", _text)
    #: Messages that leave the outbox in a minute at most; 0 sets no limit.
    messages_per_minute = Setting(0, _whole)
    #: Seconds that one run of the outbox goes on while something waits.
    dispatch_seconds = Setting(50, _positive)
    #: Public address of the site, for links in mail; empty uses relative links.
    site_url = Setting("", _address)
    #: Pages that everybody must reach without signing in; the page to sign in and the policy's own count as well.
    public_pages = Setting(("/",), _paths)
    #: True lets the ledger ask whether links to other hosts (a help desk elsewhere) answer.
    ask_other_hosts = Setting(False, _boolean)
    #: The alias in CACHES of a cache that all workers share, where the gate keeps its passes; empty asks the database.
    gate_cache = Setting("", _text)
    #: What the gate leaves open besides: all below a path ("/shop/basket/"), one address ("/shop/paid"), or a name
    #: ("shop:terms").
    gate_exempt = Setting((), _words)
    #: How often one account may ask the API ("600/minute"); empty sets no limit.
    api_rate = Setting("", _rate)

    @property
    def calendar(self) -> Calendar:
        """The site's zone (Django's TIME_ZONE) and business days."""
        country, subdivision = self.country, self.subdivision
        for key, parts in (("COUNTRY", (country, "")), ("SUBDIVISION", (country, subdivision))):
            if any(parts) and not has_holidays(*parts):
                raise WrongSetting(
                    key,
                    f"no public holidays are known for {' '.join(parts).strip()!r}",
                    "Give ISO 3166 codes, such as DE and BY, or leave it out",
                )
        return Calendar(ZoneInfo(django_settings.TIME_ZONE), country, subdivision)

    @classmethod
    def keys(cls) -> list[str]:
        """Every key that ``PRIVACY`` may have."""
        return sorted(item.key for item in vars(cls).values() if isinstance(item, Setting))


settings = Settings()
