"""The link to the policy that stands on every page: where it leads, and the word that it must contain.

Source: HMY-9-2, HMY-9-3 (CalOPPA asks for the word on the home page), RFC 6903 (``rel="privacy-policy"``).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from privacy.policies.rules import policy_rules


@dataclass(frozen=True, slots=True)
class PolicyLink:
    """The link as a page prints it.

    Attributes:
        words: what it is called in the reader's language.
        word: the promised word, where ``words`` do not contain it; else empty.
    """

    href: str
    words: str
    word: str


def required_word() -> str:
    """The word that the text of the link must contain, in every language; empty where none is promised. One query."""
    return policy_rules().link_word


def has_word(text: str, word: str) -> bool:
    """A reader does not mind capital letters; the word may be part of a longer one."""
    return word.casefold() in text.casefold()


def policy_link() -> PolicyLink:
    """The link for a page in the language that is active. One query.

    A translation without the promised word gets it added: the link must have it in every language.
    """
    words, word = _("Privacy policy"), required_word()
    return PolicyLink(reverse("privacy:policy"), words, "" if has_word(words, word) else word)
