"""What came from outside belongs to the member it is about, like the rest (HTC-2.5-2)."""

from __future__ import annotations

from django.conf import settings

from privacy import Delete, PersonalData, register
from project.outside import models
from project.sites import Site

site: Site = settings.SITE


@register(models.IntegratedProfile)
class IntegratedProfileData(PersonalData):
    subject = "member__user"
    category = "integrated services"
    purpose = site.purpose("service")
    legal_basis = site.basis("consent")
    source = "provider:examplelogin"
    clause = site.clause("§2.3")
    collected_at = site.collected_at("registration")
    on_erasure = Delete()
    holds = ("provider_uid", "full_name", "gender", "city", "picture_url")
    plain = {"provider": "which of the outside logins it was"}
    expires = "P24M from imported_at"
    export = ("provider", "provider_uid", "full_name", "gender", "city", "picture_url", "imported_at")


@register(models.PartnerProfile)
class PartnerProfileData(PersonalData):
    subject = "member__user"
    category = "partner data"
    purpose = site.purpose("promotion")
    legal_basis = site.basis("legitimate_interests")
    source = "feed:advertisers"
    clause = site.clause("§2.5")
    collected_at = site.collected_at("use")
    on_erasure = Delete()
    holds = ("segment", "region", "score")
    expires = "P12M from received_at"
    export = ("segment", "region", "score", "received_at")
