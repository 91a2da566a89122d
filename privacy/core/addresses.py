"""Client addresses lose their host part, in the database and in Python alike.

An IPv4 address keeps its first ``v4`` bits, an IPv6 address its first ``v6``; an IPv4 address in IPv6
clothes (``::ffff:192.0.2.1``) is an IPv4 address. What is no address at all becomes an empty text: it
cannot be shortened, and nobody knows what it holds.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.models import Field, Func, GenericIPAddressField, Value
from django.db.models.expressions import Combinable

from privacy.core.errors import PrivacyError

_SQLITE_FUNCTION = "privacy_shorten"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_GROUP = "[0-9a-fA-F]{1,4}"
_V6 = "|".join(
    [
        f"({_GROUP}:){{7}}{_GROUP}",
        f"({_GROUP}:){{6}}{_V4}",
        *(f"({_GROUP}:){{{n}}}(:{_GROUP}){{1,{7 - n}}}" for n in range(1, 7)),
        *(f"({_GROUP}:){{{n}}}(:{_GROUP}){{0,{5 - n}}}:{_V4}" for n in range(1, 6)),
        f"({_GROUP}:){{1,7}}:",
        f":(:{_GROUP}){{1,7}}",
        f":(:{_GROUP}){{0,5}}:{_V4}",
        "::",
    ]
)
#: What a night mostly meets, in canonical form: an address without its last octet, or with three groups at most.
#: Parsing it would cost six times more, each night and for each row.
_SHORT_V4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{2}}\.0", re.ASCII).fullmatch
_SHORT_V6 = re.compile(r"[1-9a-f][0-9a-f]{0,3}(?::[1-9a-f][0-9a-f]{0,3}){0,2}::", re.ASCII).fullmatch
#: PostgreSQL 15 cannot ask whether a text is an address without raising.
_PATTERN = f"^({_V4}|{_V6})$"


class WrongMask(PrivacyError):
    """A number of bits that no address has."""


def shorten_address(address: str, v4: int, v6: int) -> str:
    """One address without its host part, in its canonical form; an empty text when it is none.

    Args:
        address: ``"192.0.2.77"``, ``"2001:db8::1"``, with or without a zone such as ``%eth0``.
        v4: bits that an IPv4 address keeps, 0 to 32.
        v6: bits that an IPv6 address keeps, 0 to 128.
    """
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.strip().partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, v4 if parsed.version == 4 else v6), strict=False).network_address)


class Shortened(Func):
    """The SQL of ``shorten``; ``output_field`` is that of the column."""

    arity = 3

    def __init__(self, column: Any, v4: int, v6: int) -> None:
        self.bits = (v4, v6)
        super().__init__(column, Value(v4), Value(v6))

    def _resolve_output_field(self) -> Field[Any, Any]:
        field: Field[Any, Any] = self.get_source_expressions()[0].output_field
        return field

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        if connection.connection is not None:  # opened before this module was loaded
            _register(connection)
        return self.as_sql(compiler, connection, function=_SQLITE_FUNCTION, **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        v4, v6 = self.bits
        if isinstance(self.output_field, GenericIPAddressField):
            return _masked(f"({column})", v4, v6), tuple(params) * 6
        text = f"btrim(split_part({column}, '%%', 1))"
        sql = (
            f"CASE WHEN {column} IS NULL THEN NULL WHEN {text} ~ '{_PATTERN}'"
            f" THEN host({_masked(f'{text}::inet', v4, v6)}) ELSE '' END"
        )
        return sql, tuple(params) * 8


def _masked(inet: str, v4: int, v6: int) -> str:
    # set_masklen twice: network() clears the host bits, the second mask makes it an address again.
    unwrapped = f"substring(host({inet}) from '[^:]*$')::inet"
    return (
        f"CASE WHEN {inet} <<= '::ffff:0.0.0.0/96'::inet"
        f" THEN set_masklen(network(set_masklen({unwrapped}, {v4}))::inet, 32)"
        f" WHEN family({inet}) = 4 THEN set_masklen(network(set_masklen({inet}, {v4}))::inet, 32)"
        f" WHEN family({inet}) = 6 THEN set_masklen(network(set_masklen({inet}, {v6}))::inet, 128) END"
    )


def shorten(column: str | Combinable, v4: int = 24, v6: int = 48) -> Shortened:
    """An expression for the shortened address in ``column``, for ``update()``, filters and annotations.

    NULL stays NULL, and what is short already stays as it is, so ``exclude(ip=shorten("ip"))`` finds
    what is left to do. For ``GenericIPAddressField`` and text columns, on SQLite and PostgreSQL.

    Raises:
        WrongMask: bits outside 0 to 32 or 0 to 128.
    """
    for name, bits, most in (("v4", v4, 32), ("v6", v6, 128)):
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 <= bits <= most:
            raise WrongMask(field=name, problem=f"{bits!r} is no number of bits", mend=f"Give 0 to {most}")
    return Shortened(column, v4, v6)


def _sqlite_shorten(address: str | None, v4: int, v6: int) -> str | None:
    if address is None or (v4 == 24 and _SHORT_V4(address)) or (v6 == 48 and _SHORT_V6(address)):
        return address
    return shorten_address(address, v4, v6)


def _register(connection: Any) -> None:
    connection.connection.create_function(_SQLITE_FUNCTION, 3, _sqlite_shorten, deterministic=True)


def _on_connection(*, connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        _register(connection)


connection_created.connect(_on_connection, dispatch_uid="privacy.core.addresses")
for _open in connections.all(initialized_only=True):
    if _open.vendor == "sqlite" and _open.connection is not None:
        _register(_open)
