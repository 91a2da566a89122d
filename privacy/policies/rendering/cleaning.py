"""Sanitising: a short list of tags that may stay, and everything else goes, whatever it was.

No script, no style, no picture and no frame: what is left loads nothing from anywhere and runs nothing.
"""

from __future__ import annotations

import re

import nh3

TAGS = frozenset(
    "a abbr b blockquote br caption cite code dd del dfn dl dt em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s small "
    "strong sub sup table tbody td tfoot th thead tr u ul".split()
)
#: Their words go with them.
_WITH_CONTENT = {
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "svg",
    "math",
    "title",
    "textarea",
    "select",
}
_ATTRIBUTES = {
    "a": {"href"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "ol": {"start"},
    "*": {"lang", "dir"},
}
#: A page that is opened from ours learns nothing of it, and cannot reach back.
_REL = "noopener noreferrer"
_VALUES = {
    "lang": re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}"),
    "dir": re.compile(r"ltr|rtl|auto"),
    "scope": re.compile(r"row|col|rowgroup|colgroup"),
    "colspan": re.compile(r"[1-9]\d?"),
    "rowspan": re.compile(r"[1-9]\d?"),
    "start": re.compile(r"\d{1,4}"),
    # Ours; what a text says of it was dropped before.
    "rel": re.compile(_REL),
    # No relative address but within the page: a text outlives the addresses of the site that it was copied from.
    "href": re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"'`\\]+|#[\w.-]*|/(?![/\\])[^\s<>\"'`\\]*", re.IGNORECASE),
}


def cleaned(html: str) -> str:
    """Only our tags, only our attributes, only links that a person may follow."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_fitting,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=_REL,
    )


def _fitting(_tag: str, name: str, value: str) -> str | None:
    pattern = _VALUES.get(name)
    return value.strip() if pattern is not None and pattern.fullmatch(value.strip()) else None
