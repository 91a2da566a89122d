"""What this site declares."""

from __future__ import annotations

from privacy import Delete, Generic, PersonalData, register
from tests.host_uuid import models


class Account(PersonalData):
    category = "account"
    purpose = "membership"
    legal_basis = "contract"
    on_erasure = Delete()


@register(models.Member)
class MemberData(Account):
    subject = "self"
    holds = ("username", "first_name", "last_name", "email", "password")


@register(models.Diary)
class DiaryData(Account):
    subject = "owner"
    holds = ("text",)
    export = ("text",)


@register(models.Page)
class PageData(Account):
    subject = "diary__owner"
    holds = ("text",)
    export = ("text",)


@register(models.Remark)
class RemarkData(Account):
    subject = Generic()
    holds = ("text",)
    export = ("text",)


@register(models.Stamp)
class StampData(Account):
    subject = "key:user_key"
    holds = ("user_key",)
