"""What a person is given of a decision: everything that was said and answered, for their own records.

One set of facts, three forms: a Kantara Consent Receipt 1.1, a receipt with the fields that ISO/IEC TS 27560 makes
mandatory (in the reading of W3C's Data Privacy Vocabulary), and a page to print.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.consent.models import ConsentContext, Decision, Purpose, Wording
from privacy.consent.queries import purpose_of
from privacy.consent.surfaces import is_express
from privacy.core.conf import settings
from privacy.core.errors import PrivacyError
from privacy.core.words import name_words, period_words
from privacy.promises.facts import Facts
from privacy.promises.queries import facts, section

KANTARA, ISO = "kantara", "iso27560"
_SCHEMAS = Path(__file__).resolve().parent / "schemas"
_STATES = {
    Decision.GIVEN.value: "given",
    Decision.REFUSED.value: "refused",
    Decision.WITHDRAWN.value: "withdrawn",
    Decision.EXPIRED.value: "expired",
}


class NoReceipt(PrivacyError):
    """A Kantara receipt is about a consent that was given, and about words that were shown."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that a receipt says.

    Attributes:
        pseudonym: the person, by a word that only the site can link to them.
    """

    reference: str
    at: datetime
    decision: str
    purpose: Purpose
    wording: Wording | None
    surface: str
    language: str
    expires_at: datetime | None
    commitment: str
    pseudonym: str
    site: Facts

    @property
    def withdrawal_url(self) -> str:
        """Where the person takes it back."""
        return settings.site_url + reverse("privacy:consents")

    @property
    def policy_url(self) -> str:
        return f"{settings.site_url}/privacy/"

    @property
    def category(self) -> str:
        """The data that it is about, in words."""
        return name_words(self.purpose.category)

    @property
    def controller(self) -> str:
        return self.site.legal_entity or self.site.name or _("this site")

    @property
    def storage(self) -> tuple[str, ...]:
        """Regions in which the profile lets data lie."""
        regions = getattr(section("backups"), "regions", ())
        return tuple(regions) or (_("as the privacy policy says"),)


def receipt_of(context: ConsentContext) -> Receipt:
    """The receipt of one decision. Three queries."""
    record = context.record
    return Receipt(
        reference=str(record.reference),
        at=record.at,
        decision=record.decision,
        purpose=purpose_of(record.purpose),
        wording=record.wording,
        surface=record.surface,
        language=record.language,
        expires_at=record.expires_at,
        commitment=record.commitment,
        pseudonym=context.pseudonym,
        site=facts(),
    )


def kantara(receipt: Receipt) -> dict[str, Any]:
    """A Kantara Consent Receipt 1.1.

    Raises:
        NoReceipt: nothing was given, or no words were shown.
    """
    if receipt.decision != Decision.GIVEN or receipt.wording is None:
        raise NoReceipt(
            field="receipt", problem="no consent was given here", mend="Take the receipt by ISO/IEC TS 27560"
        )
    site, purpose = receipt.site, receipt.purpose
    return {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": settings.country or "unknown",
        "consentTimestamp": int(receipt.at.timestamp()),
        "collectionMethod": receipt.surface,
        "consentReceiptID": receipt.reference,
        "language": receipt.language,
        "piiPrincipalId": receipt.pseudonym,
        "piiControllers": [
            {
                "piiController": receipt.controller,
                "contact": site.officer.name or site.contact_name or receipt.controller,
                "address": {"streetAddress": ", ".join(site.postal_address)},
                "email": site.contacts.get("email", ""),
                "phone": site.contacts.get("phone", ""),
                "piiControllerUrl": settings.site_url,
            }
        ],
        "policyUrl": receipt.policy_url,
        "services": [
            {
                "service": site.name or receipt.controller,
                "purposes": [
                    {
                        "purpose": receipt.wording.text,
                        "purposeCategory": ["Marketing" if purpose.marketing else purpose.title],
                        "consentType": "EXPLICIT" if is_express(receipt.surface) else "IMPLICIT",
                        "piiCategory": [purpose.category],
                        "primaryPurpose": False,
                        "termination": _termination(receipt),
                        "thirdPartyDisclosure": False,
                    }
                ],
            }
        ],
        "sensitive": False,
        "spiCat": [],
    }


def iso27560(receipt: Receipt) -> dict[str, Any]:
    """A receipt of any decision, with the fields that ISO/IEC TS 27560 makes mandatory."""
    purpose, wording = receipt.purpose, receipt.wording
    controller = "controller"
    return {
        "schema_version": "ISO/IEC TS 27560:2023",
        "receipt_id": receipt.reference,
        "record_id": receipt.reference,
        "pii_principal_id": receipt.pseudonym,
        "pii_processing": {
            "privacy_notice": receipt.policy_url,
            "language": receipt.language or "und",
            "purposes": [
                {
                    "purpose": purpose.title,
                    "purpose_code": purpose.code,
                    "lawful_basis": purpose.legal_basis,
                    "pii_information": [{"pii_type": purpose.category, "pii_optional": True}],
                    "pii_controllers": [controller],
                    "collection_method": receipt.surface,
                    "storage_locations": list(receipt.storage),
                    "retention_period": purpose.period or "P0D",
                    "processing_locations": list(receipt.storage),
                    "jurisdiction": settings.country or "unknown",
                    "recipient_third_parties": [],
                    "withdrawal_method": receipt.withdrawal_url,
                    "privacy_rights": ["access", "rectification", "erasure", "restriction", "objection", "portability"],
                    "consent_text": wording.text if wording else "",
                    "consent_text_version": wording.version if wording else "",
                    "consent_text_digest": wording.digest if wording else "",
                }
            ],
        },
        "party_identification": [
            {
                "party_id": controller,
                "party_name": receipt.controller,
                "party_role": "PII controller",
                "party_address": ", ".join(receipt.site.postal_address),
                "party_contact": next(iter(receipt.site.contacts.values()), ""),
                "party_url": settings.site_url,
            }
        ],
        "events": [
            {
                "event_time": receipt.at.astimezone(UTC).isoformat(),
                "validity_duration": purpose.period if receipt.decision == Decision.GIVEN else "P0D",
                "entity_id": receipt.pseudonym,
                "event_type": "expressed" if is_express(receipt.surface) else "other",
                "event_state": _STATES[receipt.decision],
            }
        ],
        "proof": {"type": "SHA-256", "value": receipt.commitment},
    }


@cache
def schema(form: str) -> dict[str, Any]:
    """The JSON schema of a form, ``"kantara"`` or ``"iso27560"``."""
    found: dict[str, Any] = json.loads((_SCHEMAS / f"{form}.json").read_text(encoding="utf-8"))
    return found


def _termination(receipt: Receipt) -> str:
    with override(receipt.language):
        return _("It ends after %(period)s, or when it is taken back at %(url)s.") % {
            "period": period_words(receipt.purpose.period),
            "url": receipt.withdrawal_url,
        }
