"""What the small site declares: one example for each word."""

from __future__ import annotations

from privacy import Anonymise, Delete, Expire, Generic, Keep, PersonalData, Sentinel, Shorten, register
from tests.host import models


@register(models.Customer)
class CustomerData(PersonalData):
    subject = "user"
    category = "account"
    purpose = "membership"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("registration",)
    on_erasure = Delete()
    holds = ("display_name", "phone")
    required = {"display_name": "other members see who answers them"}
    export = ("display_name", "phone", "closed_at")
    caches = ("customer:{subject}",)


@register(models.Order)
class OrderData(PersonalData):
    subject = "customer"
    category = "purchases"
    purpose = "orders"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("checkout",)
    on_erasure = Anonymise(address="", phone=None)
    fields = {"total": Keep("tax law, 10 years", until="P10Y from placed_at")}
    plain = {"number": "our own running number"}
    export = ("number", "placed_at", "total", "address", "phone")
    caches = {"default": ("order:{pk}",)}


@register(models.OrderLine)
class OrderLineData(PersonalData):
    subject = "order__customer"
    category = "purchases"
    purpose = "orders"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("checkout",)
    on_erasure = Anonymise(engraving="")
    plain = {"article": "an article of our own list"}
    export = ("article", "engraving")


@register(models.PageView)
class PageViewData(PersonalData):
    subject = "user"
    category = "events"
    purpose = "improvement"
    legal_basis = "legitimate_interests"
    kind = "usage"
    source = "automatic"
    clause = "§2.2"
    collected_at = ("use",)
    on_erasure = Delete()
    holds = ("ip", "user_agent", "path")
    event_fields = {"path": "page"}
    expires = (Expire("P30D from viewed_at", Anonymise(ip=Shorten())), "P13M from viewed_at")
    export = ("ip", "user_agent", "path", "viewed_at")


@register(models.Message)
class MessageData(PersonalData):
    subject = ("sender", "recipient")
    category = "messages"
    purpose = "membership"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("messaging",)
    on_erasure = {"sender": Anonymise(subject="", body=""), "recipient": Anonymise()}
    export = ("subject", "body", "sent_at")


@register(models.Note)
class NoteData(PersonalData):
    subject = Generic("content_type", "object_id")
    category = "support"
    purpose = "support"
    legal_basis = "legitimate_interests"
    clause = "§2.1"
    collected_at = ("support",)
    on_erasure = Delete()
    holds = ("text",)
    export = ("text",)


@register(models.Comment)
class CommentData(PersonalData):
    subject = "author"
    category = "posts"
    purpose = "membership"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("posting",)
    on_erasure = Delete()
    holds = ("text",)
    export = ("text",)


@register(models.Team.members.through)
class TeamMembershipData(PersonalData):
    subject = "user"
    category = "account"
    purpose = "membership"
    legal_basis = "contract"
    kind = "linked"
    clause = "§2.1"
    collected_at = ("use",)
    on_erasure = Delete()
    export = ("team",)


@register(models.Upload)
class UploadData(PersonalData):
    subject = "owner"
    category = "uploads"
    purpose = "membership"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("posting",)
    on_erasure = Delete()
    holds = ("title", "file")
    export = ("title", "file")


@register(models.NewsletterContact)
class NewsletterContactData(PersonalData):
    subject = "email:address"
    category = "newsletter"
    purpose = "newsletter"
    legal_basis = "consent"
    clause = "§3.3"
    collected_at = ("newsletter",)
    on_erasure = Delete()
    holds = ("address", "name")
    export = ("address", "name", "joined_at")


@register(models.Document)
class DocumentData(PersonalData):
    subject = "owner"
    category = "documents"
    purpose = "membership"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("posting",)
    on_erasure = Delete()
    holds = ("title",)
    export = ("title",)


@register(models.Contract)
class ContractData(DocumentData):
    holds = ("terms",)
    export = ("title", "terms")


@register(models.ClientContact)
class ClientContactData(PersonalData):
    scope = "client"
    controller = "client"
    category = "client contacts"
    purpose = "service for clients"
    legal_basis = "contract"
    clause = "§13"
    collected_at = ("client",)
    on_erasure = Delete()
    holds = ("name", "email")


@register(models.Invoice)
class InvoiceData(PersonalData):
    subject = "customer"
    category = "invoices"
    purpose = "orders"
    legal_basis = "legal_obligation"
    clause = "§2.1"
    collected_at = ("checkout",)
    on_erasure = Anonymise(billed_to="")
    fields = {
        "amount": Keep("tax law, 10 years", until="P10Y from issued_on"),
        "issued_on": Keep("tax law, 10 years", until="P10Y from issued_on"),
    }
    export = ("billed_to", "amount", "issued_on")


@register(models.Review)
class ReviewData(PersonalData):
    subject = "author"
    category = "posts"
    purpose = "membership"
    legal_basis = "contract"
    clause = "§2.1"
    collected_at = ("posting",)
    on_erasure = Anonymise(author=Sentinel(username="former-member"), signed_as="")
    plain = {"stars": "a figure from one to five, useless without its author"}
    export = ("signed_as", "stars")
