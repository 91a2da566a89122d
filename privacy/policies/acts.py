"""The acts of this room, as the evidence tells them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("policies.draft_written", _("Draft of a policy written"))
register_act("policies.draft_discarded", _("Draft of a policy discarded"))
register_act("policies.scheduled", _("Publication of a policy scheduled"))
register_act("policies.unscheduled", _("Scheduled publication of a policy called off"))
register_act("policies.published", _("Policy published"))
register_act("policies.announced", _("Mails about a version of a policy begun"))
register_act("policies.withdrawn", _("Published version of a policy withdrawn"))
register_act("policies.replayed", _("Published versions brought back after a restore"))
register_act("policies.accepted", _("Policies accepted"))
register_act("policies.accepted_again", _("Acceptance brought back after a restore"))
register_act("policies.address_forgotten", _("Somebody without an account forgotten in the ledger of acceptances"))
