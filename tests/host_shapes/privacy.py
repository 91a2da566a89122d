"""What this site declares."""

from __future__ import annotations

from privacy import Anonymise, Delete, Keep, PersonalData, exclude, register
from tests.host_shapes import models

exclude(models.Company, reason="names of companies")


class Data(PersonalData):
    category = "account"
    purpose = "membership"
    legal_basis = "contract"
    on_erasure = Delete()


@register(models.Member)
class MemberData(Data):
    subject = "self"
    holds = ("username", "first_name", "last_name", "email", "password")


@register(models.Person)
class PersonRow(Data):
    subject = "self"
    holds = ("called",)


@register(models.Purchase)
class PurchaseData(Data):
    subject = "member"
    on_erasure = Anonymise(address="")
    fields = {"total": Keep("tax law, 10 years", until="P10Y from placed_at")}


@register(models.Post)
class PostData(Data):
    subject = "author"
    holds = ("text",)


@register(models.Nest)
class NestData(Data):
    subject = "owner"


@register(models.Egg)
class EggData(Data):
    subject = "nest__owner"
    holds = ("text",)


@register(models.Wallet)
class WalletData(Data):
    subject = ("owner", "main__wallet__owner")


@register(models.Card)
class CardData(Data):
    subject = "wallet__owner"
    holds = ("text",)


@register(models.First)
class FirstData(Data):
    subject = ("owner", "onward__onward__onward__owner")


@register(models.Second)
class SecondData(Data):
    subject = ("onward__onward__owner",)
    holds = ("text",)


@register(models.Third)
class ThirdData(Data):
    subject = ("onward__owner",)
    holds = ("text",)


@register(models.Branch)
class BranchData(Data):
    subject = ("owner", "root__owner")
    holds = ("text",)
