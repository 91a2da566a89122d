"""The rows of this room, a file for each idea."""

from privacy.consent.models.flags import Flag
from privacy.consent.models.ledger import Choice, ConsentContext, ConsentRecord, Decision
from privacy.consent.models.purposes import Purpose, Wording

__all__ = ["Choice", "ConsentContext", "ConsentRecord", "Decision", "Flag", "Purpose", "Wording"]
