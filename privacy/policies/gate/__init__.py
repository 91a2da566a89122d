"""The gate: a member who has not accepted what binds them now is asked before the site goes on (K02)."""

from privacy.policies.gate.decorators import gate_exempt

__all__ = ["gate_exempt"]
