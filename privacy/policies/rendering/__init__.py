"""A text as a page shows it: headings, paragraphs and lists, and nothing that a page could be attacked with."""

from privacy.policies.rendering.formats import Format, format_of
from privacy.policies.rendering.pages import Rendered, Section, rendered

__all__ = ["Format", "Rendered", "Section", "format_of", "rendered"]
