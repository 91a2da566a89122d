"""The acts of this room, as the evidence tells them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("consent.given", _("Consent given"))
register_act("consent.refused", _("Consent refused"))
register_act("consent.withdrawn", _("Consent withdrawn"))
register_act("consent.expired", _("Consents reached the end of their period"))
register_act("consent.purpose_added", _("Purpose added"))
register_act("consent.purpose_changed", _("Purpose changed"))
register_act("consent.purpose_retired", _("Purpose retired"))
register_act("consent.purpose_announced", _("People told of a new purpose"))
register_act("consent.wording_added", _("Wording added"))
register_act("consent.flag_raised", _("Restriction or objection raised"))
register_act("consent.flag_decided", _("Objection decided"))
register_act("consent.flag_lifted", _("Restriction or objection lifted"))
register_act("consent.address_forgotten", _("Person without an account forgotten"))
