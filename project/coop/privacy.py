"""Whose personal data the co-op's rows are, and how long each may live.

A host writes its own words where ``site`` stands here: one co-op plays five sites, and each policy has its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from privacy import (
    Anonymise,
    Delete,
    Expire,
    ExternalStore,
    Generic,
    Keep,
    PersonalData,
    Shorten,
    exclude,
    register,
    register_store,
)
from project.coop import models, search
from project.coop.cards import CARD_KEY
from project.sites import Site

site: Site = settings.SITE
TAX = "tax law, 10 years"


def shortened(start: str) -> tuple[Expire, ...]:
    """When a logged address loses its last part: after three months, or at once where none may be stored whole."""
    period = "P1D" if site.shortens else "P3M"
    return (Expire(f"{period} from {start}", Anonymise(ip=Shorten())),) if "ip" in site.logs else ()


exclude(models.PreferenceTag, reason="a list of subjects; who chose one is in the table between")


# --- members -------------------------------------------------------------------------------


@register(models.Member)
class MemberData(PersonalData):
    subject = "user"
    category = "account"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("registration", "use")
    on_erasure = Delete()
    holds = ("display_name", "phone", "address", "birth_date", "payment_email", "avatar")
    plain = {"status": "active, suspended or closed: the co-op's own word"}
    required = {"display_name": "other members see who writes to them"}
    export = ("display_name", "phone", "address", "birth_date", "payment_email", "avatar", "joined_at")
    caches = (CARD_KEY.format(key="{subject}"),)


@register(models.Member.interests.through)
class InterestData(PersonalData):
    subject = "member__user"
    category = "preferences"
    purpose = site.purpose("promotion")
    legal_basis = site.basis("consent")
    kind = "linked"
    clause = site.clause("§2.1")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    export = ("preferencetag",)


# --- traffic -------------------------------------------------------------------------------


@register(models.Site)
class SiteData(PersonalData):
    subject = "member__user"
    category = "advertising"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("posting")
    on_erasure = Delete()
    holds = ("url", "title", "description")
    required = {"url": "it is what other members are led to", "title": "lists of sites call it by this name"}
    export = ("url", "title", "description", "added_at")


@register(models.Campaign)
class CampaignData(PersonalData):
    subject = "site__member__user"
    category = "advertising"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("posting")
    on_erasure = Delete()
    holds = ("headline", "body", "credits")
    required = {"headline": "it is what other members are shown"}
    expires = "P36M from started_at"
    export = ("headline", "body", "credits", "started_at")


@register(models.AdView)
class AdViewData(PersonalData):
    subject = "viewer__user"
    category = "events"
    purpose = site.purpose("improvement")
    legal_basis = site.basis("legitimate_interests")
    kind = "usage"
    source = "automatic"
    clause = site.clause("§2.2")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    holds = ("user_agent", *site.logs)
    plain = site.unused("ip", "country")
    expires = (*shortened("viewed_at"), "P13M from viewed_at")
    export = (*site.logs, "user_agent", "viewed_at")


@register(models.DailyStatistic)
class DailyStatisticData(PersonalData):
    subject = "member__user"
    category = "statistics"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    kind = "linked"
    source = "automatic"
    clause = site.clause("§3.5")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    holds = ("views", "prizes", "credits")
    expires = "P24M from day"
    export = ("day", "views", "prizes", "credits")


@register(models.Earning)
class EarningData(PersonalData):
    subject = "member__user"
    category = "earnings"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    source = "automatic"
    clause = site.clause("§5.1")
    collected_at = site.collected_at("use")
    on_erasure = Anonymise(payment_email="", remark="")
    fields = {
        "payee_name": Keep(TAX, until="P10Y from paid_at"),
        "payee_address": Keep(TAX, until="P10Y from paid_at"),
        "amount": Keep(TAX, until="P10Y from paid_at"),
    }
    plain = {"number": "the co-op's own running number"}
    expires = Expire("P10Y from paid_at", Delete())
    export = ("number", "amount", "payee_name", "payee_address", "payment_email", "remark", "paid_at")


@register(models.Upload)
class UploadData(PersonalData):
    subject = "member__user"
    category = "uploads"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("posting")
    on_erasure = Delete()
    holds = ("file", "caption")
    required = {"file": "it is what is uploaded"}
    export = ("file", "caption", "uploaded_at")


@register(models.MailEvent)
class MailEventData(PersonalData):
    subject = "member__user"
    category = "mail events"
    purpose = site.purpose("improvement")
    legal_basis = site.basis("legitimate_interests")
    kind = "usage"
    source = "automatic"
    clause = site.clause("§2.2")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    holds = tuple(name for name in site.logs if name == "ip")
    plain = {
        "kind": "opened or clicked",
        "campaign_code": "which of the co-op's own mails it was",
        **site.unused("ip"),
    }
    expires = (*shortened("happened_at"), "P12M from happened_at")
    export = ("kind", "campaign_code", *holds, "happened_at")


# --- what people write ---------------------------------------------------------------------


@register(models.Message)
class MessageData(PersonalData):
    subject = ("sender", "recipient")
    category = "messages"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("messaging")
    on_erasure = {"sender": Anonymise(subject="", body=""), "recipient": Anonymise()}
    expires = Expire("P24M from sent_at", Delete())
    export = ("subject", "body", "sent_at")


@register(models.Ticket)
class TicketData(PersonalData):
    subject = "member__user"
    category = "support"
    purpose = site.purpose("support")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("support")
    on_erasure = Delete()
    holds = ("subject", "body")
    required = {"subject": "it leads the question to who can answer it", "body": "it is the question"}
    expires = "P24M from opened_at"
    export = ("subject", "body", "opened_at", "closed_at")


@register(models.TicketReply)
class TicketReplyData(PersonalData):
    subject = ("ticket__member__user", "author")
    category = "support"
    purpose = site.purpose("support")
    legal_basis = site.basis("contract")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("support")
    on_erasure = {"ticket__member__user": Delete(), "author": Anonymise(body="")}
    required = {"body": "it is the answer"}
    expires = Expire("P24M from written_at", Delete())
    export = ("body", "written_at")


@register(models.Enquiry)
class EnquiryData(PersonalData):
    subject = "email:email"
    category = "support"
    purpose = site.purpose("support")
    legal_basis = site.basis("legitimate_interests")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("support")
    on_erasure = Delete()
    holds = ("name", "email", "text")
    required = {"name": "the answer greets by it", "email": "the answer goes there", "text": "it is the question"}
    expires = "P12M from received_at"
    export = ("name", "email", "text", "received_at")


@register(models.Note)
class NoteData(PersonalData):
    subject = (Generic(), "author")
    category = "staff notes"
    purpose = site.purpose("support")
    legal_basis = site.basis("legitimate_interests")
    clause = site.clause("§2.1")
    collected_at = site.collected_at("support")
    on_erasure = {"object_id": Delete(), "author": Anonymise()}
    holds = ("text",)
    required = {"text": "it is the note; staff writes it, nobody is asked for it"}
    expires = Expire("P24M from written_at", Delete())
    export = ("text", "written_at")


# --- outside the database ------------------------------------------------------------------


@register_store
class SearchIndex(ExternalStore):
    """The files that the search page reads."""

    name = "search"
    title = "Search of the co-op"
    category = "advertising"
    purpose = site.purpose("service")

    def export(self, keys: Sequence[str]) -> Mapping[str, Any]:
        return search.held(keys)

    def erase(self, keys: Sequence[str]) -> None:
        search.remove(keys)

    def verify(self, keys: Sequence[str]) -> int:
        return search.count(keys)
