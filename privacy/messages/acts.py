"""What this room enters in the evidence."""

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("messages.beat_registered", _("Task that sends registered"))
register_act("messages.mailing_made", _("Mailing written"))
register_act("messages.mailing_approved", _("Mailing approved"))
register_act("messages.mailing_started", _("Mailing started"))
register_act("messages.mailing_paused", _("Mailing paused"))
register_act("messages.mailing_resumed", _("Mailing goes on"))
register_act("messages.mailing_stopped", _("Mailing stopped"))
register_act("messages.mailing_finished", _("Mailing finished"))
register_act("messages.exempt_sent", _("Message sent although all correspondence was stopped"))
register_act("messages.ambiguous", _("Nobody knows whether a message arrived"))
register_act("messages.decided", _("Decided what became of a message"))
register_act("messages.opted_out", _("Opt-out"))
register_act("messages.opted_in_again", _("Opt-out lifted by the person"))
register_act("messages.preference_set", _("Choice about messages"))
register_act("messages.bounced", _("Message came back"))
