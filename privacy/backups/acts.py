"""What the evidence says about backups."""

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

EXPIRED = register_act("backups.expired", _("Backups deleted and verified absent")).name
VANISHED = register_act("backups.vanished", _("Backups found to have left without us")).name
TAKEN = register_act("backups.taken", _("Backup taken")).name
COPY_REGISTERED = register_act("backups.copy_registered", _("Copy outside the storage registered")).name
COPY_CHANGED = register_act("backups.copy_changed", _("Facts about a copy outside the storage changed")).name
COPY_DESTROYED = register_act("backups.copy_destroyed", _("Destruction of a copy confirmed")).name
