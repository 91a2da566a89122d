"""When a draft would bind, before it is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.words import has_words
from privacy.policies import clocks
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.rules import Told, policy_rules


class NoMailToGoFirst(PrivacyError):
    """The page is to show a version after its mails went, and no mail would go, or none that leads to the text."""


class NoNote(PrivacyError):
    """The profile promises that the page says what changed, and the draft does not (HMY-9-4)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be frozen with a version.

    Attributes:
        posted_at: when the page shows it.
        announced_at: when its mails begin to go, where that is before; else None.
        everybody_from: from when it binds every account.
    """

    effect: clocks.Effect
    posted_at: datetime
    announced_at: datetime | None
    everybody_from: datetime

    @property
    def first_notice(self) -> datetime:
        return self.announced_at or self.posted_at


def planned(*, draft: PolicyDraft, now: datetime) -> Planned:
    """When a draft would bind if it were published at this moment. Two queries.

    Raises:
        TooEarly: sooner than the profile's rule says, and nobody wrote down why.
        BeforePosting: before anybody can read it.
        NoMailToGoFirst: its mails are to go first, and there are none, or none that leads to the text.
        NoNote: the page is promised to say what changed, and nothing says so.
    """
    rules = policy_rules()
    mail_first = draft.post_at is not None and draft.post_at > now
    if mail_first and Told.EMAIL not in rules.channels:
        raise NoMailToGoFirst(
            field="post_at",
            problem="the mails are to go first, and the profile tells of no change by mail",
            mend='Schedule the publication instead, or add "email" to policies.channels',
        )
    if mail_first and not settings.site_url:
        raise NoMailToGoFirst(
            field="post_at",
            problem="the mails are to go first, and without the site's address none of them leads to the text",
            mend='Set PRIVACY["SITE_URL"], or let the page show it at once',
        )
    posted_at = draft.post_at if draft.post_at is not None and mail_first else now
    first = not PolicyVersion.objects.of(draft.document_id, draft.language).standing().exists()
    if Told.NOTE in rules.channels and not first and not has_words(draft.note):
        raise NoNote(
            field="note",
            problem="the page is to say what changed, and the draft does not",
            mend="Write it in a sentence for readers",
        )
    effect = clocks.frozen(
        rules,
        first=first,
        posted_at=posted_at,
        begins=draft.effective_from,
        early_reason=draft.early_reason,
    )
    return Planned(effect, posted_at, now if mail_first else None, clocks.binds_from(effect, posted_at=posted_at))
