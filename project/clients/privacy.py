"""Clients' data: the member decides, the site only stores it."""

from __future__ import annotations

from django.conf import settings

from privacy import Delete, Keep, PersonalData, register
from project.clients import models
from project.sites import Site

site: Site = settings.SITE


@register(models.ClientContact)
class ClientContactData(PersonalData):
    scope = "client"
    controller = "client__user"
    category = "client contacts"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    clause = site.clause("§13")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    holds = ("name", "email", "phone", "remarks")
    required = {"email": "the client's mail goes there"}
    expires = "P36M from added_at"


@register(models.ClientMail)
class ClientMailData(PersonalData):
    scope = "client"
    controller = "contact__client__user"
    category = "client mail events"
    purpose = site.purpose("service")
    legal_basis = site.basis("contract")
    kind = "usage"
    source = "automatic"
    clause = site.clause("§13")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    holds = ("subject",)
    plain = {"kind": "sent, opened or clicked"}
    expires = "P12M from happened_at"


@register(models.ClientDispute)
class ClientDisputeData(PersonalData):
    scope = "client"
    controller = "client__user"
    category = "client disputes"
    purpose = site.purpose("service")
    legal_basis = site.basis("legitimate_interests")
    clause = site.clause("§5.3")
    collected_at = site.collected_at("support")
    on_erasure = Keep(f"{site.ground('litigation')}, 3 years", until="P3Y from opened_at")
    holds = ("claimant", "summary")
    plain = {"file_number": "the site's own running number"}
