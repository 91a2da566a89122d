"""The database shortens an address exactly as Python does."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, F
from django.db.models.functions import Cast
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from privacy.core.addresses import WrongMask, _sqlite_shorten, shorten, shorten_address
from tests.host.models import PageView

AT = datetime(2026, 1, 1, tzinfo=UTC)
CASES = [
    ("192.0.2.77", "192.0.2.0"),
    ("192.0.2.0", "192.0.2.0"),
    ("255.255.255.255", "255.255.255.0"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ("2001:db8::1", "2001:db8::"),
    ("::1", "::"),
    ("::ffff:192.0.2.77", "192.0.2.0"),
]
NO_ADDRESSES = ["", "unknown", "1.2.3", "1.2.3.256", "1.2.3.4.5", ":::", "1::2::3", "12345::", "g::1", "localhost"]


def _view(ip: str | None, text: str = "") -> PageView:
    return PageView.objects.create(ip=ip, user_agent=text, path="/", viewed_at=AT)


@pytest.mark.parametrize(("address", "short"), CASES)
def test_an_address_loses_its_host_part(address: str, short: str) -> None:
    assert shorten_address(address, 24, 48) == short


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "short"), CASES)
def test_an_update_shortens_an_address_column(address: str, short: str) -> None:
    row = _view(address)
    assert PageView.objects.update(ip=shorten("ip", 24, 48)) == 1
    row.refresh_from_db()
    assert row.ip == short


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "short"), [*CASES, ("fe80::1%eth0", "fe80::"), (" 192.0.2.77 ", "192.0.2.0")])
def test_an_update_shortens_a_text_column(address: str, short: str) -> None:
    row = _view(None, address)
    PageView.objects.update(user_agent=shorten("user_agent"))
    row.refresh_from_db()
    assert row.user_agent == short


@pytest.mark.django_db
@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_leaves_nothing(text: str) -> None:
    row = _view(None, text)
    PageView.objects.update(user_agent=shorten("user_agent"))
    row.refresh_from_db()
    assert row.user_agent == shorten_address(text, 24, 48) == ""


@pytest.mark.django_db
def test_null_stays_null() -> None:
    row = _view(None)
    PageView.objects.update(ip=shorten("ip"))
    row.refresh_from_db()
    assert row.ip is None


@pytest.mark.django_db
def test_a_filter_finds_what_is_left_to_shorten() -> None:
    _view("192.0.2.0")
    left = _view("192.0.2.1")
    _view("2001:db8:1::")
    also = _view("2001:db8:1::9")
    assert set(PageView.objects.exclude(ip=shorten("ip"))) == {left, also}
    PageView.objects.update(ip=shorten("ip"))
    assert not PageView.objects.exclude(ip=shorten("ip")).exists()


@pytest.mark.django_db
def test_many_rows_are_one_statement(django_assert_num_queries: Any) -> None:
    PageView.objects.bulk_create(PageView(ip=f"192.0.2.{n}", path="/", viewed_at=AT) for n in range(250))
    with django_assert_num_queries(1):
        PageView.objects.update(ip=shorten("ip"))
    assert set(PageView.objects.values_list("ip", flat=True)) == {"192.0.2.0"}


@pytest.mark.django_db
def test_it_takes_an_expression() -> None:
    _view("192.0.2.77")
    assert PageView.objects.annotate(short=shorten(F("ip"), 16)).get().short == "192.0.0.0"
    text = Cast("user_agent", CharField(max_length=50))
    assert PageView.objects.annotate(short=shorten(text)).get().short == ""


@pytest.mark.django_db
def test_a_connection_opened_before_the_module_was_loaded_learns_the_function() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a matter of SQLite")
    connection.connection.create_function("privacy_shorten", 3, None)
    _view("192.0.2.77")
    PageView.objects.update(ip=shorten("ip"))
    assert PageView.objects.get().ip == "192.0.2.0"


@pytest.mark.parametrize("bits", [{"v4": 33}, {"v4": -1}, {"v6": 129}, {"v6": True}, {"v4": "24"}])
def test_a_mask_that_no_address_has_is_refused(bits: dict[str, Any]) -> None:
    with pytest.raises(WrongMask) as refusal:
        shorten("ip", **bits)
    assert refusal.value.field in bits


class DatabaseAndPython(TestCase):
    @given(st.ip_addresses(), st.integers(0, 32), st.integers(0, 128))
    def test_they_agree_on_every_address_and_mask(self, address: Any, v4: int, v6: int) -> None:
        row = _view(str(address), str(address))
        PageView.objects.update(ip=shorten("ip", v4, v6), user_agent=shorten("user_agent", v4, v6))
        row.refresh_from_db()
        expected = shorten_address(str(address), v4, v6)
        assert ip_address(str(row.ip)) == ip_address(row.user_agent) == ip_address(expected)
        plain = getattr(address, "ipv4_mapped", None) or address
        assert ip_address(expected) in ip_network(f"{plain}/{v4 if plain.version == 4 else v6}", strict=False)
        row.delete()


group = st.sampled_from(["0", "00", "1", "01", "db8", "DB8", "2001", "ffff", "g", ""])
octet = st.sampled_from(["0", "00", "7", "07", "113", "255", "256", ""])
short_looking = st.one_of(
    st.lists(octet, min_size=2, max_size=4).map(lambda octets: ".".join([*octets, "0"])),
    st.lists(group, min_size=1, max_size=4).map(lambda groups: ":".join(groups) + "::"),
)


@given(short_looking, st.sampled_from([16, 24]), st.sampled_from([32, 48]))
def test_what_looks_short_already_is_left_alone_only_where_shortening_would_leave_it(
    text: str, v4: int, v6: int
) -> None:
    assert _sqlite_shorten(text, v4, v6) == shorten_address(text, v4, v6)
