"""What this room writes into the evidence."""

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("promises.profile_loaded", _("Profile loaded"))
