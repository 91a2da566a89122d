"""The acts of this room, as the evidence tells them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy.evidence.acts import register_act

register_act("disposal.account_erased", _("Account erased"))
register_act("disposal.batch_erased", _("Accounts erased together"))
register_act("disposal.finished", _("Closures finished"))
register_act("disposal.cancelled", _("Closure cancelled"))
register_act("disposal.taken_over", _("Accounts closed by the site taken over"))
register_act("disposal.rows_expired", _("Rows reached the end of their period"))
register_act("disposal.store_answered", _("Outside place asked to erase"))
register_act("disposal.store_settled", _("Outside place confirmed by staff"))
register_act("disposal.logs_expired", _("Log files reached the end of their period"))
register_act("disposal.keeps_ended", _("Kept rows reached the end of their ground"))
register_act("disposal.replayed", _("Journal applied again after a restore"))
register_act("disposal.orphans_found", _("People found who were gone without a closure"))
register_act("disposal.elsewhere_erased", _("Rows in another database erased"))
register_act("disposal.held", _("Closures stopped by a legal hold"))
register_act("disposal.hold_placed", _("Legal hold placed"))
register_act("disposal.hold_reviewed", _("Legal hold reviewed"))
register_act("disposal.hold_released", _("Legal hold released"))
