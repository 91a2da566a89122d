"""What the evidence says about backups."""

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

EXPIRED = register_act("backups.expired", _("Backups deleted and verified absent")).name
VANISHED = register_act("backups.vanished", _("Backups found to have left without us")).name
TAKEN = register_act("backups.taken", _("Backup taken")).name
