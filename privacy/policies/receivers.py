"""What was published is guarded by the database itself, and comes back after a restore."""

from __future__ import annotations

from privacy.evidence.triggers import protect
from privacy.policies import services  # noqa: F401 - registers the replayer
from privacy.policies.models import PolicyVersion, PolicyWithdrawal
from privacy.promises.models import FrozenBound

protect(FrozenBound, PolicyVersion, PolicyWithdrawal)
