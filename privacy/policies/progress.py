"""How far the mails about a version have come, for staff. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min

from privacy.messages.audiences import EVERYBODY, audiences
from privacy.messages.models import Mailing
from privacy.messages.queries import progress
from privacy.policies.models import PolicyAnnouncement, PolicyNotice, PolicyVersion


@dataclass(frozen=True, slots=True)
class NoticeProgress:
    """Of one version.

    Attributes:
        mailing: its mailing; None where it is gone, long after.
        told: accounts whose mail left; ``bounced`` of them came back, which moves no day.
        of: accounts that are to be told, as far as they are gathered.
        first_at, last_at: when the first and the last mail left.
        left_out: by reason, how many accounts get no mail; the posting alone counts for them.
    """

    mailing: Mailing | None
    told: int
    bounced: int
    of: int
    first_at: datetime | None
    last_at: datetime | None
    left_out: Mapping[str, int]

    @property
    def is_gathering(self) -> bool:
        return self.mailing is not None and self.mailing.state == Mailing.State.PREPARING

    @property
    def mailing_state(self) -> str:
        """The word of its chip."""
        return f"mailing_{self.mailing.state}" if self.mailing else ""

    @property
    def is_complete(self) -> bool:
        """Whether every mail left that could."""
        return self.mailing is None or self.mailing.state == Mailing.State.FINISHED


def notice_progress(versions: Iterable[PolicyVersion]) -> dict[str, NoticeProgress]:
    """By key of the version, for those that are told by mail. Four queries for all of them.

    They grow with the messages in the outbox and with the notices of these versions.
    """
    begun = dict(PolicyAnnouncement.objects.filter(version__in=list(versions)).values_list("version_id", "mailing"))
    if not begun:
        return {}
    mailings = Mailing.objects.in_bulk(list(begun.values()))
    gathered = progress(list(mailings))
    rows = PolicyNotice.objects.dispatched().filter(version_id__in=list(begun)).order_by()
    counts = {
        version: some
        for version, *some in rows.values_list("version_id").annotate(
            Count("pk"), Count("bounced_at"), Min("dispatched_at"), Max("dispatched_at")
        )
    }
    found = {}
    for version, key in begun.items():
        mailing = mailings.get(key)
        told, bounced, first_at, last_at = counts.get(version, (0, 0, None, None))
        total = gathered[key].total if mailing else 0
        left_out = mailing.left_out if mailing else {}
        found[version] = NoticeProgress(mailing, told, bounced, max(total, told), first_at, last_at, left_out)
    return found


def people_to_tell() -> int:
    """How many accounts have an address to be told at; 0 where the user model has none. One query over all accounts."""
    everybody = audiences.find(EVERYBODY)
    return everybody.queryset().count() if everybody else 0
