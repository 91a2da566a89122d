"""Our own tables, declared exactly as a host declares its own (X15)."""

from __future__ import annotations

from django.apps import apps

from privacy import Anonymise, Delete, Expire, Keep, PersonalData, exclude, register
from privacy.consent.models import ConsentContext, Flag
from privacy.disposal.models import Closure, Hold, SessionIndex
from privacy.evidence.models import EvidenceDetail
from privacy.messages.models import MailEvent, OutboxMessage, Preference
from privacy.policies.acceptance.models import AcceptanceContext
from privacy.policies.gate.models import GatePass
from privacy.policies.models import PolicyNotice


@register(EvidenceDetail)
class EvidenceDetailData(PersonalData):
    """The erasable half of the evidence; what stays for ever names nobody."""

    subject = ("key:subject_key", "key:actor_key")
    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("content", "subject_key", "actor_key", "subject", "actor_kind")
    plain = {"salt": "a random number"}
    expires = "P0D from until"


@register(Closure)
class ClosureData(PersonalData):
    """No side, so that a closure does not erase itself: it drops the key when the account is gone."""

    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("subject_key", "pseudonym")
    plain = {
        "status": "a state",
        "pseudonym_key": "which key made the pseudonym",
        "attempts": "a count",
        "channel": "how it was closed",
        "requested_by": "a kind of person",
        "verified_by": "a kind of proof",
        "steps": "counts by table",
        "kept": "counts by table, with ground and end",
        "errors": "names of tables and of errors",
        "held_by": "a checksum of holds",
    }
    expires = "P12M from finished_at"


@register(Hold)
class HoldData(PersonalData):
    """No side: a hold must outlast its own person's closure. The key of a released one goes with the person."""

    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("subject_key", "case")
    plain = {
        "scope": "a kind of hold",
        "categories": "names of categories",
        "ground": "a reason of the policy",
        "alarm": "a state",
    }
    expires = "P12M from released_at"


@register(ConsentContext)
class ConsentContextData(PersonalData):
    """The erasable half of the consent ledger. A pseudonym stays as proof (GDPR Art. 7(1)), until its end."""

    subject = "key:user_key"
    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Anonymise(user_key="", digest="", network="", is_last=False)
    fields = {"pseudonym": Keep("law, to prove what was agreed to", until="P0D from until")}
    plain = {
        "purpose": "a code",
        "salt": "a random number",
        "digest_key": "which key made the pseudonym",
        "entered_by": "a kind of person",
    }
    expires = Expire("P0D from until", Delete())
    export = ("purpose", "network", "entered_by", "until")


@register(AcceptanceContext)
class AcceptanceContextData(PersonalData):
    """The erasable half of the ledger of acceptances. A pseudonym stays as proof, until its end (X14)."""

    subject = "key:user_key"
    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Anonymise(user_key="", digest="", network="", about="", reason="")
    fields = {"pseudonym": Keep("law, to prove what was accepted", until="P0D from until")}
    plain = {
        "salt": "a random number",
        "digest_key": "which key made the pseudonym",
        "entered_by": "a kind of person",
    }
    expires = Expire("P0D from until", Delete())
    export = ("acceptance", "about", "network", "entered_by", "until")


@register(GatePass)
class GatePassData(PersonalData):
    """That a member had nothing to accept; it says no more than the ledger, and goes with the person."""

    subject = "key:user_key"
    category = "account"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("user_key",)
    plain = {"epoch": "a random number"}
    export = ("until",)


@register(Flag)
class FlagData(PersonalData):
    """Restrictions and objections go with their person: nothing of theirs is left to be used."""

    subject = "key:user_key"
    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("user_key", "digest", "reason")
    plain = {
        "kind": "a kind of right",
        "digest_key": "which key made the digest",
        "purpose": "a code",
        "ground": "a reason of the law",
        "surface": "where it was raised",
        "outcome": "a state",
    }
    expires = "P0D from until"
    export = ("kind", "purpose", "ground", "raised_at", "outcome", "decided_at", "lifted_at", "reason")


@register(SessionIndex)
class SessionIndexData(PersonalData):
    """Which sessions are whose: written at sign-in, so that a closure ends them all."""

    subject = "key:user_key"
    category = "account"
    purpose = "security"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("session_key", "user_key")
    export = ("seen_at",)


@register(OutboxMessage)
class OutboxMessageData(PersonalData):
    """What was written to a person, and to where. It goes with the person, what waits too."""

    subject = ("key:user_key", "email:address")
    category = "messages"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("user_key", "address", "digest", "subject", "text", "html", "content", "message_id", "bounced_at")
    plain = {
        "key": "what the message is about, and a keyed digest",
        "topic": "a kind of message",
        "kind": "a class of messages",
        "basis": "why it may be sent",
        "language": "of the text",
        "sender": "the site itself",
        "state": "a state",
        "reason": "a word for what became of it",
        "claimed_by": "a process of the site",
        "sender_domain": "of the site itself",
        "priority": "a number for an order",
        "code": "what a server answered",
        "attempts": "a count",
    }
    export = ("topic", "subject", "text", "queued_at", "sent_at", "state")
    expires = "P12M from queued_at"


@register(PolicyNotice)
class PolicyNoticeData(PersonalData):
    """On which day a change binds a member rests on it, so it outlasts the mail, and goes with the person."""

    subject = "key:user_key"
    category = "proof"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("user_key", "dispatched_at", "bounced_at", "seen_at", "version")
    plain = {"newest": "whether the mail went to the address that the account had then"}
    export = ("version", "dispatched_at", "bounced_at", "seen_at")


@register(Preference)
class PreferenceData(PersonalData):
    """What a member chose about promotion. An opt-out by digest outlives it."""

    subject = "key:user_key"
    category = "messages"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("user_key", "topic", "channel", "frequency", "chosen_at")
    export = ("topic", "channel", "wanted", "frequency", "chosen_at")


@register(MailEvent)
class MailEventData(PersonalData):
    """What a provider reported about a mail. Without an account only its end removes it."""

    subject = "key:user_key"
    category = "messages"
    purpose = "administration"
    legal_basis = "legitimate_interests"
    kind = "linked"
    source = "automatic"
    on_erasure = Delete()
    holds = ("user_key", "kind", "message", "at")
    export = ("kind", "at")
    expires = "P13M from at"


_NOBODY = {
    "EvidenceEntry": "acts, counts and commitments; what names a person is in the detail beside it",
    "Seal": "hashes over acts, counts and commitments, and a signature",
    "SealLeaf": "hashes over acts, counts and commitments",
    "Sweep": "files and cache entries on their way out; a closure is not done while one of its rows is left",
    "ConsentRecord": "decisions and the words they answer; who decided is in the context beside it",
    "Wording": "words that were shown to everybody",
    "Acceptance": "what was accepted and how; who accepted is in the context beside it",
    "AcceptedVersion": "which published versions an acceptance is of",
    "PolicyEpoch": "a random number for everything that was published",
    "Purpose": "what people are asked about",
    "StoreReceipt": "what outside places answered about closures; the closure alone holds the account's key",
    "JournalPage": "fingerprints on their way to the journal; emptied when they stand in it",
    "Captured": "keys of rows that one closure is erasing; they go when it has been verified",
    "Mailing": "a text to many; its recipients are in the outbox",
    "Suppression": "digests of addresses that nobody can read back; an opt-out must outlive its person",
    "PolicyDocument": "names of documents",
    "PolicyDraft": "texts on their way to be published to everybody",
    "PolicyVersion": "texts that were published to everybody",
    "PolicyAnnouncement": "which mailing told of which published text",
    "PolicyWithdrawal": "which published text was a mistake, and why, as everybody reads it",
    "SiteFacts": "who the site is, as the site itself publishes it",
    "ProfileTable": "rules of the profile",
    "Promise": "what the published text promises",
    "FrozenBound": "figures that were published to everybody",
    "PromiseRun": "counts of the ledger",
    "PromiseResult": "answers of the ledger; they name tables and never people",
    "Schedule": "rules",
    "NightRun": "when a night ran, and with what result",
    "NightStepRun": "counts of a night",
    "Approval": "counts of a night that waited for a confirmation",
    "Backup": "names and ages of dumps",
    "BackupStorage": "places of dumps",
    "RegisteredCopy": "ages, places and rules of copies; who answers for one is a role in words",
}

for _name, _reason in _NOBODY.items():
    if _name.lower() in apps.all_models["privacy"]:
        exclude(f"privacy.{_name}", reason=_reason)
