"""Front door: Django finds every room's admin screens here. A missing line would drop that room's screens."""

from privacy.backups import admin as _backups  # noqa: F401
from privacy.consent import admin as _consent  # noqa: F401
from privacy.desk import admin as _desk  # noqa: F401
from privacy.disposal import admin as _disposal  # noqa: F401
from privacy.evidence import admin as _evidence  # noqa: F401
from privacy.messages import admin as _messages  # noqa: F401
from privacy.policies import admin as _policies  # noqa: F401
from privacy.policies.acceptance import admin as _acceptances  # noqa: F401
from privacy.promises import admin as _promises  # noqa: F401
from privacy.retention import admin as _retention  # noqa: F401
