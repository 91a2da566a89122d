"""When a draft would bind, before it is published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.words import has_words
from privacy.policies import clocks
from privacy.policies.binding import leading_language
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
    """When a draft would bind if it were published at this moment. Two queries, and two more where changes are
    told by mail.

    Raises:
        TooEarly: sooner than the profile's rule says, and nobody wrote down why.
        BeforePosting: before anybody can read it.
        NoMailToGoFirst: its mails are to go first, and there are none, or none that leads to the text.
        NoNote: the page is promised to say what changed, and nothing says so.
    """
    rules = policy_rules()
    first = not PolicyVersion.objects.of(draft.document_id, draft.language).standing().exists()
    if Told.EMAIL in rules.channels and leading_language(draft.document_id, now) not in ("", draft.language):
        # Nobody is mailed of a translation: two mails about one change, on two days, would make two dates.
        rules = replace(rules, channels=tuple(one for one in rules.channels if one is not Told.EMAIL))
    mail_first = draft.post_at is not None and draft.post_at > now
    if mail_first:
        _refuse_without_mails(goes=Told.EMAIL in rules.channels and not first)
    posted_at = draft.post_at if draft.post_at is not None and mail_first else now
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


def _refuse_without_mails(*, goes: bool) -> None:
    if not goes:
        raise NoMailToGoFirst(
            field="post_at",
            problem="the mails are to go first, and no mail goes of this version",
            mend='Schedule the publication instead; mails tell of a change of the language that binds, where "email" is'
            " in policies.channels",
        )
    if not settings.site_url:
        raise NoMailToGoFirst(
            field="post_at",
            problem="the mails are to go first, and without the site's address none of them leads to the text",
            mend='Set PRIVACY["SITE_URL"], or let the page show it at once',
        )
