"""Every wrong key or value of PRIVACY is a check error that names the key and the mend."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, run_checks
from django.core.checks.registry import registry as check_registry
from django.test import override_settings

from privacy.core import checks
from privacy.core.conf import Settings, TakeOverRule, WrongSetting, settings
from privacy.core.periods import Period

WRONG: list[tuple[str, Any]] = [
    ("PSEUDONYM_KEYS", "one text is no list of keys at all, though long"),
    ("PSEUDONYM_KEYS", ["short"]),
    ("PSEUDONYM_KEYS", [b"bytes are no text, however long they are"]),
    ("NIGHT_AT", "25:00"),
    ("NIGHT_AT", "03:30:15"),
    ("NIGHT_AT", "03:30+02:00"),
    ("NIGHT_AT", 3),
    ("NIGHT_AT", None),
    ("COUNTRY", 49),
    ("COUNTRY", "XX"),
    ("SUBDIVISION", 1),
    ("CLOSED_ACCOUNTS", {}),
    ("CLOSED_ACCOUNTS", {"filter": {}, "closed_at": "last_login"}),
    ("CLOSED_ACCOUNTS", {"filter": {"is_active": False}}),
    ("CLOSED_ACCOUNTS", {"filter": {"is_active": False}, "closed_at": ""}),
    ("CLOSED_ACCOUNTS", {"filter": {"is_active": False}, "closed_at": "no_such_field"}),
    ("CLOSED_ACCOUNTS", {"filter": {"no_such_field": False}, "closed_at": "last_login"}),
    ("CLOSED_ACCOUNTS", {"filter": {"last_login": "no date"}, "closed_at": "last_login"}),
    ("CLOSED_ACCOUNTS", "is_active"),
    ("LARGE_NIGHT_SHARE", 0),
    ("LARGE_NIGHT_SHARE", 1.5),
    ("LARGE_NIGHT_SHARE", "5%"),
    ("LARGE_NIGHT_SHARE", True),
    ("LARGE_NIGHT_SHARE", float("nan")),
    ("BATCH_SIZE", 0),
    ("BATCH_SIZE", True),
    ("BATCH_SIZE", "500"),
    ("WINDOW_ROWS", -1),
    ("TRANSACTION_SECONDS", 0),
    ("TRANSACTION_SECONDS", "2s"),
    ("TRANSACTION_SECONDS", True),
    ("NIGHT_SHARE", 0),
    ("NIGHT_SHARE", 2),
    ("CLOSE_IN_REQUEST_ROWS", 1.5),
    ("STORAGE_TIMEOUT", 0),
    ("JOURNAL_DIR", "a/relative/folder"),
    ("ACCOUNT_CREATED", 5),
    ("COVERAGE", "strict"),
    ("COVERAGE", ["warn"]),
    ("EVIDENCE_TRIGGERS", "no"),
    ("EVIDENCE_TRIGGERS", 1),
    ("EVIDENCE_DETAILS_KEPT", 3),
    ("EVIDENCE_DETAILS_KEPT", "3 years"),
    ("EVIDENCE_DETAILS_KEPT", "P0D"),
    ("BACKUP_STORAGE", None),
    ("BACKUP_REGION", 1),
    ("SEAL_KEYS", "/etc/shop/seal_key.pem"),
    ("SEAL_KEYS", [""]),
    ("SEAL_KEYS", [b"a key itself"]),
    ("SITE_URL", "example.org"),
    ("SITE_URL", 1),
    ("MAIL_BACKEND", None),
    ("MAIL_TOPIC", 1),
    ("MESSAGES_PER_MINUTE", -1),
    ("MESSAGES_PER_MINUTE", "600"),
    ("DISPATCH_SECONDS", 0),
    ("GATE_CACHE", None),
    ("GATE_EXEMPT", "/basket/"),
    ("GATE_EXEMPT", ["/"]),
    ("API_RATE", "fast"),
    ("API_RATE", "0/minute"),
    ("API_RATE", 600),
    ("PUBLIC_PAGES", "/"),
    ("PUBLIC_PAGES", ["contact/"]),
    ("PUBLIC_PAGES", ["/a b"]),
    ("ASK_OTHER_HOSTS", "yes"),
]


def _values() -> list[CheckMessage]:
    return checks.check_values(None)


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda part: str(part)[:40])
def test_a_wrong_value_is_an_error_that_names_key_and_mend(key: str, value: Any) -> None:
    with override_settings(PRIVACY={key: value}):
        [error] = _values()
    assert error.id == "privacy.E002"
    assert error.msg.startswith(f"PRIVACY['{key}']: ")
    assert error.hint


def test_every_setting_has_a_wrong_value_in_this_test() -> None:
    assert {key for key, _value in WRONG} == set(Settings.keys())


def test_a_region_without_its_country_is_refused() -> None:
    with override_settings(PRIVACY={"COUNTRY": "DE", "SUBDIVISION": "ZZ"}):
        [error] = _values()
    assert error.msg.startswith("PRIVACY['SUBDIVISION']")


@pytest.mark.parametrize("raw", [None, ["NIGHT_AT"], "x"])
def test_something_else_than_a_dictionary_is_one_error(raw: Any) -> None:
    with override_settings(PRIVACY=raw):
        assert [message.id for message in run_checks() if message.id == "privacy.E002"] == ["privacy.E002"]
        with pytest.raises(WrongSetting, match=r"^PRIVACY: it is not a dictionary"):
            _ = settings.night_at


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("NIGHT_ATT", "'NIGHT_AT'"),
        ("night_at", "'NIGHT_AT'"),
        ("EVIDENCE_TRIGGER", "'EVIDENCE_TRIGGERS'"),
        ("ZZZ", "Use one of"),
        (7, "Use one of"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_name(key: Any, hint: str) -> None:
    with override_settings(PRIVACY={key: 1}):
        [error] = checks.check_keys(None)
    assert error.id == "privacy.E001"
    assert repr(key) in error.msg
    assert hint in str(error.hint)


def test_right_settings_are_read_into_types() -> None:
    with override_settings(
        PRIVACY={
            "NIGHT_AT": "04:15",
            "CLOSED_ACCOUNTS": {"filter": {"is_active": False}, "closed_at": "customer.closed_at"},
            "COUNTRY": "DE",
            "SUBDIVISION": "BY",
            "EVIDENCE_DETAILS_KEPT": "P10Y",
            "SITE_URL": "https://example.org/",
            "LARGE_NIGHT_SHARE": 1,
        },
        TIME_ZONE="America/New_York",
    ):
        assert _values() == []
        assert settings.night_at == time(4, 15)
        assert settings.closed_accounts == TakeOverRule({"is_active": False}, "customer__closed_at")
        assert settings.calendar.zone.key == "America/New_York"
        assert (settings.calendar.country, settings.calendar.subdivision) == ("DE", "BY")
        assert settings.evidence_details_kept == Period(months=120)
        assert settings.site_url == "https://example.org"
        assert settings.large_night_share == 1.0


def test_without_the_setting_every_default_can_be_used() -> None:
    with override_settings():
        del django_settings.PRIVACY
        assert _values() == []
        assert checks.check_keys(None) == []
        assert settings.evidence_triggers is True


def _deployment() -> set[str]:
    return {str(message.id) for message in run_checks(include_deployment_checks=True)}


def test_a_live_site_may_not_switch_the_evidence_triggers_off() -> None:
    with override_settings(PRIVACY={"EVIDENCE_TRIGGERS": False}):
        assert "privacy.E003" in _deployment()
        assert "privacy.E003" not in {message.id for message in run_checks()}
    with override_settings(PRIVACY={"EVIDENCE_TRIGGERS": True}):
        assert "privacy.E003" not in _deployment()


def test_a_live_site_is_told_to_have_pseudonym_keys_of_its_own() -> None:
    with override_settings(PRIVACY={}):
        assert "privacy.W004" in _deployment()
        assert "privacy.W004" not in {message.id for message in run_checks()}
    with override_settings(PRIVACY={"PSEUDONYM_KEYS": ["k" * 32]}):
        assert "privacy.W004" not in _deployment()


def test_a_site_without_time_zones_is_an_error() -> None:
    with override_settings(USE_TZ=False):
        assert [message.id for message in checks.check_zone(None)] == ["privacy.E004"]
    assert checks.check_zone(None) == []


GOOD = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
}


def _sqlite(options: dict[str, Any] | None) -> list[CheckMessage]:
    database: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}
    if options is not None:
        database["OPTIONS"] = options
    with override_settings():
        django_settings.DATABASES = {"default": database}
        return checks.check_sqlite(None)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"timeout": 5}, "timeout"),
        ({"transaction_mode": None}, "transaction_mode"),
        ({"transaction_mode": "DEFERRED"}, "transaction_mode"),
        ({"init_command": "PRAGMA journal_mode=WAL;"}, "secure_delete"),
        ({"init_command": "PRAGMA secure_delete = 1;"}, "journal_mode"),
    ],
)
def test_sqlite_without_an_option_is_warned_of_by_its_name(changed: dict[str, Any], named: str) -> None:
    [warning] = _sqlite({**GOOD, **changed})
    assert warning.id == "privacy.W005"
    assert named in warning.msg
    assert "init_command" in str(warning.hint)


def test_sqlite_as_django_starts_it_lacks_everything() -> None:
    [warning] = _sqlite(None)
    assert all(word in warning.msg for word in ("timeout", "IMMEDIATE", "WAL", "secure_delete"))


def test_sqlite_with_every_option_and_other_databases_pass() -> None:
    assert _sqlite(GOOD) == []
    assert _sqlite({**GOOD, "init_command": GOOD["init_command"].lower()}) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["check_keys", "check_values", "check_deployment", "check_zone", "check_sqlite"])
def test_every_check_is_bound(name: str) -> None:
    assert getattr(checks, name) in check_registry.get_checks(include_deployment_checks=True)
