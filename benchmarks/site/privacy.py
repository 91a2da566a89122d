"""What the measured site declares. ``BENCH_ERASURE`` chooses whether a person's rows go, or stay without the person."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from benchmarks.site import models
from privacy import Anonymise, Delete, Keep, PersonalData, exclude, register

_ANONYMISE = settings.BENCH_ERASURE == "anonymise"
#: Its signals are heard: ``hooks`` treats it row by row, every other model set by set.
_HOOKED = models.Address if settings.BENCH_ERASURE == "hooks" else None


def _declare(model: type[Any], subject: str, masks: dict[str, Any], plain: dict[str, str] | None = None) -> None:
    """Every row is deleted; or each of its personal fields is masked, and the link cut."""
    if settings.BENCH_ERASURE == "nothing":
        exclude(model._meta.label, reason="measured without models of the site's own")
        return
    words: dict[str, Any] = {
        "subject": subject,
        "category": "measured",
        "purpose": "service",
        "legal_basis": "contract",
        "plain": plain or {},
        "hooks": model is _HOOKED,
        **({"on_erasure": Anonymise(**masks)} if _ANONYMISE else {"on_erasure": Delete(), "holds": tuple(masks)}),
    }
    if _ANONYMISE and model is models.Order:
        words["fields"] = {"total": Keep("tax law, 10 years", until="P10Y from placed_at")}
    register(model)(type(f"{model.__name__}Data", (PersonalData,), words))


_declare(models.Profile, "user", {"display_name": "", "phone": "", "about": ""})
_declare(models.Address, "user", {"street": "", "city": ""})
_declare(models.Order, "customer", {"address": "", "phone": None}, {"number": "a running number"})
_declare(models.OrderLine, "order__customer", {"engraving": ""}, {"article": "an article of the site's list"})
_declare(models.PageView, "user", {"ip": None, "user_agent": ""}, {"path": "a page of the site"})
_declare(models.SignIn, "user", {"ip": None, "user_agent": ""})
_declare(models.Message, "author", {"subject": "", "body": ""})
_declare(models.Comment, "author", {"text": ""})
_declare(models.Rating, "author", {"remark": ""})
_declare(models.Subscription, "user", {}, {"topic": "one of the site's own topics"})


class EventData(PersonalData):
    subject = "user"
    category = "events"
    purpose = "service"
    legal_basis = "legitimate_interests"
    on_erasure = Delete()
    holds = ("ip",)
    plain = {"path": "a page of the site"}
    expires = "P13M from at"


if settings.BENCH_ERASURE == "nothing":
    exclude("benchsite.Event", reason="measured without models of the site's own")
else:
    register(models.Event)(EventData)
