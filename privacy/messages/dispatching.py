"""Sending what waits, so that a crash at any line neither loses a message nor repeats one.

Before the text of a message leaves, its row says ``sending``, committed and in the journal; what became of it is
written in the transaction in which the next one begins. So a process that is killed leaves at most one message of
which nobody knows whether it arrived. Source: K16, HTC-3.3-2, HMY-15-9.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from privacy.core.actors import Actor
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.disposal.journal import Line
from privacy.disposal.journal.restores import notice, require_whole
from privacy.evidence.services import Draft, record_many
from privacy.messages import claiming, journalling
from privacy.messages.addressing import to_newest_addresses
from privacy.messages.composing import Composed, compose
from privacy.messages.models import OutboxMessage
from privacy.messages.permission import TOO_OFTEN, Recipient, judge
from privacy.messages.rules import MessageRules, message_rules
from privacy.messages.signals import left as left_signal
from privacy.messages.transport import Carrier, Fate, NoConnection, Outcome
from privacy.promises.facts import Facts
from privacy.promises.queries import facts

#: Messages claimed together. What is asked about their people is asked once for all of them.
BATCH = 100
#: Minutes until a message that was put off is tried again; the last one is repeated.
PUT_OFF = (1, 5, 15, 60, 180, 360, 720)
#: After so many attempts, more than three days, a message that is always put off counts as refused.
MOST_ATTEMPTS = 12
_State = OutboxMessage.State
_Pair = tuple[OutboxMessage, Outcome]


@dataclass(frozen=True, slots=True)
class DispatchReport:
    """What one run did.

    Attributes:
        counts: by state how many: ``sent``, ``put_off``, ``refused``, ``ambiguous``, ``dropped``.
        error: why it ended early; empty otherwise.
        left: whether it ended before its time came for something that may leave now. What waits for a minute's limit,
            or is at another process, does not count: a further run at once would find nothing to do.
    """

    counts: dict[str, int]
    error: str = ""
    left: bool = False


def dispatch(*, now: datetime, actor: Actor, most: int | None = None) -> DispatchReport:
    """Send what is due for up to ``DISPATCH_SECONDS``. Any number of processes may do so at once.

    Args:
        most: end after so many messages.

    Raises:
        SiteRestored: a restore waits for its replay; nothing may leave.
    """
    require_whole()
    if notice(now):
        require_whole()
    return _Run(now, actor, most).go()


class _Run:
    """One run: a claim, a connection, and what happened."""

    def __init__(self, now: datetime, actor: Actor, most: int | None) -> None:
        self._began, self._start = time.monotonic(), now
        self.actor = actor
        self.most = most
        self.token = uuid.uuid4()
        self.counts: Counter[str] = Counter()
        self.rules: MessageRules = message_rules()
        self.facts: Facts = facts()
        self._renewed = time.monotonic()

    @property
    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def go(self) -> DispatchReport:
        self.counts["ambiguous"] += claiming.recover(now=self.now, actor=self.actor)
        error = ""
        try:
            with Carrier() as carrier:
                while not self._over() and (batch := self._batch()):
                    self._send(carrier, self._judged(batch))
                    claiming.release(self.token)
        except NoConnection as unreachable:
            error = f"the mail server cannot be reached ({unreachable})"
        finally:
            mine = OutboxMessage.objects.mine(self.token).sending()
            self.counts["ambiguous"] += claiming.in_doubt(mine, reason="sender_failed", now=self.now, actor=self.actor)
            claiming.release(self.token)
        left = self._over() and OutboxMessage.objects.due(self.now).exists()
        return DispatchReport({word: count for word, count in self.counts.items() if count}, error, left)

    def _over(self) -> bool:
        done = self.most is not None and sum(self.counts.values()) >= self.most
        return done or time.monotonic() - self._began > settings.dispatch_seconds

    def _batch(self) -> list[OutboxMessage]:
        size = BATCH if self.most is None else min(BATCH, self.most - sum(self.counts.values()))
        self._renewed = time.monotonic()
        return claiming.claim(self.token, size=size, now=self.now)

    # --- before: may it still go? --------------------------------------------------------------

    def _judged(self, batch: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """Those who may still be written to; the others are dropped."""
        by_topic: dict[str, list[OutboxMessage]] = defaultdict(list)
        dropped: dict[str, list[int]] = defaultdict(list)
        for message in batch:
            by_topic[message.topic].append(message)
        for code, messages in by_topic.items():
            topic = self.rules.topics.get(code)
            if topic is None or topic.kind != messages[0].kind:
                dropped["topic_gone"] += [message.pk for message in messages]
                continue
            asked = [message for message in messages if not message.test]
            if topic.exempt is not None and (nowhere := to_newest_addresses(asked)):
                dropped["no_address"] += [message.pk for message in nowhere]
                asked = [message for message in asked if message not in nowhere]
            people = {message.pk: Recipient(message.address, message.user_key) for message in asked}
            judged = judge(list(dict.fromkeys(people.values())), topic, rules=self.rules, now=self.now)
            first: set[Recipient] = set()
            for message in asked:
                person = people[message.pk]
                message.suppressed_all = topic.exempt is not None and person in judged.stopped_all
                reason = judged.refused.get(person) or (TOO_OFTEN if person in first & judged.sparing else "")
                first.add(person)
                if reason:
                    dropped[reason].append(message.pk)
        for reason, keys in dropped.items():
            self._drop(keys, reason)
        gone = {key for keys in dropped.values() for key in keys}
        return [message for message in batch if message.pk not in gone]

    def _drop(self, keys: Sequence[int], reason: str) -> None:
        rows = OutboxMessage.objects.mine(self.token).queued().filter(pk__in=keys)
        self.counts["dropped"] += rows.update(
            state=_State.DROPPED, reason=reason, ended_at=self.now, claim=None, claimed_by="", claimed_until=None
        )

    # --- sending -------------------------------------------------------------------------------

    def _send(self, carrier: Carrier, batch: Sequence[OutboxMessage]) -> None:
        before: _Pair | None = None
        for message in batch:
            composed = self._composed(message)
            if composed is None:
                continue
            if before is not None and before[1].fate is not Fate.ACCEPTED:
                self._step(before, None)  # a lost connection may take a while to come back
                before = None
            carrier.open()
            began = self._step(before, (message, composed))
            before = (message, carrier.carry(composed.mail)) if began else None
            self._keep()
        self._step(before, None)

    def _composed(self, message: OutboxMessage) -> Composed | None:
        try:
            return compose(message, topic=self.rules.topic(message.topic), rules=self.rules, facts=self.facts)
        except PrivacyError as refusal:
            self._drop([message.pk], type(refusal).__name__)
        except Exception:  # noqa: BLE001 - templates and contents of other code; the next in the queue must not wait
            self._set_aside(message)
        return None

    def _set_aside(self, message: OutboxMessage) -> None:
        """A message that could not be put together is tried again later, and nobody behind it waits."""
        changes: dict[str, object] = {"reason": "unfit_form", "attempts": F("attempts") + 1}
        if message.attempts + 1 < MOST_ATTEMPTS:
            changes["not_before"] = self.now + _put_off(message.attempts + 1)
            self.counts["put_off"] += 1
        else:
            changes |= {"state": _State.REFUSED, "ended_at": self.now}
            self.counts["refused"] += 1
        rows = OutboxMessage.objects.mine(self.token).queued().filter(pk=message.pk)
        rows.update(claim=None, claimed_by="", claimed_until=None, **changes)

    def _step(self, before: _Pair | None, after: tuple[OutboxMessage, Composed] | None) -> bool:
        """In one transaction: what became of one message, and that the next begins. False when that may not go."""
        if before is None and after is None:
            return False
        lines: list[Line] = []
        began = False
        with transaction.atomic(using=claiming.using()):
            if before is not None:
                lines.append(self._settle(*before))
            if after is not None and self._begin(*after):
                lines.append(journalling.line_of(after[0], "sending"))
                began = True
            journalling.tell(lines, now=self.now)
        return began

    def _begin(self, message: OutboxMessage, composed: Composed) -> bool:
        # It may have been dropped or its mailing paused since it was claimed.
        rows = OutboxMessage.objects.mine(self.token).queued().released().filter(pk=message.pk)
        return bool(
            rows.update(
                state=_State.SENDING,
                sending_at=self.now,
                attempts=F("attempts") + 1,
                linked=composed.linked,
                labelled=composed.labelled,
                addressed=composed.addressed,
                sender_domain=composed.sender_domain,
                suppressed_all=message.suppressed_all,
            )
        )

    def _settle(self, message: OutboxMessage, outcome: Outcome) -> Line:
        state, word, told = self._ending(message, outcome)
        self.counts[word] += 1
        changes: dict[str, object] = {"state": state, "reason": outcome.reason, "code": outcome.code}
        if state == _State.SENT:
            changes |= {"sent_at": self.now, "ended_at": self.now, "reason": ""}
            if outcome.provider_id:
                changes["message_id"] = outcome.provider_id
        elif state == _State.QUEUED:
            changes["not_before"] = self.now + _put_off(message.attempts + 1)
        else:
            changes["ended_at"] = self.now
        # Where somebody found this process silent and put the row in doubt, a person decides; or its person is gone.
        mine = OutboxMessage.objects.mine(self.token).filter(pk=message.pk)
        settled = mine.update(claim=None, claimed_by="", claimed_until=None, **changes)
        if settled and state == _State.SENT and message.mailing_id:
            left_signal.send(OutboxMessage, message=message, at=self.now)
        self._log(message, state)
        return journalling.line_of(message, told)

    def _ending(self, message: OutboxMessage, outcome: Outcome) -> tuple[str, str, str]:
        """The row's state, the word that is counted, and what the journal is told."""
        if outcome.fate is Fate.ACCEPTED:
            return _State.SENT, "sent", "left"
        if outcome.fate is Fate.UNKNOWN:
            return _State.AMBIGUOUS, "ambiguous", "unknown"
        if outcome.fate is Fate.DEFERRED and message.attempts + 1 < MOST_ATTEMPTS:
            return _State.QUEUED, "put_off", "not"
        return _State.REFUSED, "refused", "not"

    def _log(self, message: OutboxMessage, state: str) -> None:
        if state == _State.AMBIGUOUS:
            draft = Draft("messages.ambiguous", "privacy.OutboxMessage", {"messages": 1})
        elif state == _State.SENT and message.suppressed_all:
            draft = Draft(
                "messages.exempt_sent",
                "privacy.OutboxMessage",
                {"messages": 1},
                subject=message.user_key,
                details={"topic": message.topic, "why": self.rules.topic(message.topic).exempt, "message": message.pk},
            )
        else:
            return
        record_many(drafts=[draft], now=self.now, actor=self.actor)

    def _keep(self) -> None:
        if time.monotonic() - self._renewed > claiming.CLAIM_FOR.total_seconds() / 4:
            self._renewed = time.monotonic()
            claiming.renew(self.token)


def _put_off(attempts: int) -> timedelta:
    return timedelta(minutes=PUT_OFF[min(attempts, len(PUT_OFF)) - 1])
