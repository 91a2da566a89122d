"""What this site declares."""

from __future__ import annotations

from privacy import Anonymise, Delete, Keep, PersonalData, register
from tests.host_two import models


class Data(PersonalData):
    category = "account"
    purpose = "membership"
    legal_basis = "contract"
    on_erasure = Delete()


@register(models.Basket)
class BasketData(Data):
    subject = "owner"
    holds = ("text",)


@register(models.Event)
class EventData(Data):
    subject = "user"
    category = "events"
    holds = ("text",)
    expires = "P1M from at"


@register(models.EventTag)
class EventTagData(Data):
    subject = "event__user"
    holds = ("text",)


@register(models.Letter)
class LetterData(Data):
    subject = "email:address"
    holds = ("address", "file")


@register(models.Receipt)
class ReceiptData(Data):
    subject = "key:user_key"
    on_erasure = Anonymise(user_key="", billed_to="")
    fields = {"total": Keep("tax law, 10 years", until="P10Y from at")}


@register(models.Detail)
class DetailData(Data):
    subject = "basket__owner"
    holds = ("text",)
