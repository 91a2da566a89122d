"""Live checks of what policies promise, a file for each thing they are about; importing it registers them all."""

from privacy.policies.acceptance import promises as acceptances
from privacy.policies.promises import bounds, contacts, dates, notices, pages, texts

__all__ = ["acceptances", "bounds", "contacts", "dates", "notices", "pages", "texts"]
