"""The acts of this room, as the evidence tells them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("backups.taken", _("Backup taken"))
register_act("backups.expired", _("Old backups removed"))
register_act("backups.vanished", _("Backups gone from the storage"))
