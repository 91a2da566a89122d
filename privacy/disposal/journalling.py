"""What the journal is told of closures: opened, intended, done, void.

A fingerprint of the account's key finds the account again after a restore. Since a key may have been given to
somebody else by then, what else tells the account apart goes along: when it was made, or its name and address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from privacy.core.conf import settings
from privacy.datamap.shapes import email_field
from privacy.disposal import journal
from privacy.disposal.closing import Closures, has_field
from privacy.disposal.journal import Line, files, fingerprint
from privacy.disposal.models import Closure

KIND = "closure"
#: The act may be dated otherwise than the day on which it was written.
_A_DAY = timedelta(days=1)
_USUAL_NAMES = ("date_joined", "created_at", "created", "joined_at", "registered_at")


def created_field() -> str:
    """The user model's field that tells when an account was made; empty without one."""
    wanted = settings.account_created
    return next((name for name in ([wanted] if wanted else _USUAL_NAMES) if has_field(get_user_model(), name)), "")


def traits(row: Sequence[Any]) -> dict[str, str]:
    """What tells one account apart from another with the same key, in clear: ``{"born": …}`` or name and address."""
    key, *rest = row
    if created_field():
        [born] = rest
        return {"born": f"{key} {_moment(born)}"}
    names = dict(zip(("name", "email"), rest, strict=False))
    return {what: f"{key} {value}" for what, value in names.items() if value}


def trait_columns() -> list[str]:
    """The user model's columns that ``traits`` takes, the key first."""
    if created_field():
        return ["pk", created_field()]
    model = get_user_model()
    return ["pk", str(model.USERNAME_FIELD), *([email_field(model)] if email_field(model) else [])]


def intended(closures: Closures, *, again: bool, now: datetime) -> None:
    """Tell which accounts are about to be destroyed, each once: one query.

    Args:
        again: an earlier attempt may have told already, since they were cut off.

    Raises:
        SiteRestored, JournalUnwritable: nothing may be destroyed.
    """
    if files.folder() is None or not closures:
        return
    if again:
        since = min(closure.cut_off_at or now for closure in closures)
        lines = files.lines_since(since.astimezone(UTC).date() - _A_DAY)
        known = {each.line.id for each in lines if each.line.kind == KIND and each.line.state == "intended"}
        closures = [closure for closure in closures if str(closure.pk) not in known]
    journal.intend(_lines(closures, "intended", now), now=now)


def done(closures: Closures, *, now: datetime) -> None:
    """Tell, with the open transaction, which accounts it destroys. Call it while their rows are there: one query.

    Raises:
        SiteRestored: nothing may be destroyed.
    """
    _tell(closures, "done", now=now)


def opened(closures: Closures, *, now: datetime) -> None:
    """Tell which closures wait: for their date, or for a hold to end. A restore must not forget them either."""
    _tell(closures, "opened", now=now)


def void(closures: Closures, *, now: datetime) -> None:
    """Tell which closures came to nothing."""
    journal.tell([Line(KIND, str(closure.pk), "void") for closure in closures], now=now)


def void_ids(ids: Sequence[str], *, now: datetime) -> None:
    """Tell of intentions whose closure never came to be: its transaction did not commit."""
    journal.intend([Line(KIND, pk, "void") for pk in ids], now=now)


def _tell(closures: Closures, state: str, *, now: datetime) -> None:
    if files.folder() is None or not closures:
        return
    journal.tell(_lines(closures, state, now), now=now)


def _lines(closures: Closures, state: str, now: datetime) -> list[Line]:
    key = get_user_model()._meta.pk
    keys = [key.to_python(closure.subject_key) for closure in closures]
    accounts: QuerySet[Any] = QuerySet(get_user_model()).filter(pk__in=keys)
    about = {str(row[0]): traits(row) for row in accounts.order_by().values_list(*trait_columns())}
    return [_line(closure, state, about.get(closure.subject_key, {}), now) for closure in closures]


def _line(closure: Closure, state: str, about: dict[str, str], now: datetime) -> Line:
    who = {"account": closure.subject_key, **about}
    facts = {
        "closed_at": closure.closed_at,
        "due_at": closure.due_at,
        "cutoff": now,
        "channel": closure.channel,
        "requested_by": closure.requested_by,
        "verified_by": closure.verified_by,
    }
    return Line(KIND, str(closure.pk), state, {what: fingerprint(what, value) for what, value in who.items()}, facts)


def _moment(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
