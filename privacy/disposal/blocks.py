"""What this room answers to rooms below and above it."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from privacy.core.registries import key_users, providers
from privacy.core.replayers import Replayer, replayers
from privacy.disposal.holds import blocks as hold_blocks  # noqa: F401
from privacy.disposal.journal import closures as journalling
from privacy.disposal.journal import files, heads
from privacy.disposal.journal import holds as journalling_holds
from privacy.disposal.journal.replaying_closures import replay_closures
from privacy.disposal.journal.restores import notice


def restored(*, now: datetime) -> bool:
    """Whether a restore waits for its replay."""
    return notice(now)


key_users.add("disposal.journal", files.lines_by_key)
providers.add("restored", restored)
replayers.add(
    # In front of whatever destroys.
    journalling_holds.KIND,
    Replayer(journalling_holds.KIND, 100, _("Legal holds"), journalling_holds.replay_holds),
)
replayers.add(
    # Behind what protects (holds, objections), which must be there before anything is erased again.
    journalling.KIND,
    Replayer(journalling.KIND, 500, _("Accounts that were closed"), replay_closures),
)
providers.add("newest_seal_outside", heads.newest_seal)
