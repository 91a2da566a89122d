"""The acts of this room, as the evidence tells them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("retention.night", _("Night finished"))
register_act("retention.approval_asked", _("Careful night asked for approval"))
register_act("retention.night_approved", _("Night approved"))
register_act("retention.night_paused", _("Night paused"))
register_act("retention.night_resumed", _("Paused night let go on"))
register_act("retention.lateness_told", _("Site admins told that the night is late"))
register_act("retention.lateness_untold", _("Mail that the night is late could not be sent"))
register_act("retention.period_changed", _("Retention period changed"))
register_act("retention.period_reset", _("Retention period set back to what is declared"))
register_act("retention.schedule_paused", _("Retention schedule paused"))
register_act("retention.schedule_resumed", _("Retention schedule resumed"))
register_act("retention.beat_registered", _("Periodic task registered"))
