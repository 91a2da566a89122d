"""Front door: Django finds every room's models here. A missing line would drop that room's tables."""

from privacy.backups.models import *  # noqa: F403
from privacy.consent.models import *  # noqa: F403
from privacy.disposal.models import *  # noqa: F403
from privacy.evidence.models import *  # noqa: F403
from privacy.messages.models import *  # noqa: F403
from privacy.policies.acceptance.models import *  # noqa: F403
from privacy.policies.gate.models import *  # noqa: F403
from privacy.policies.models import *  # noqa: F403
from privacy.promises.models import *  # noqa: F403
from privacy.retention.models import *  # noqa: F403
