"""Live checks that GET the site's pages as a stranger: are they open, and do they link to the policy (K19)?

Their cost grows with the pages and languages of the site, never with its rows.
"""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import gettext as _

from privacy.core.registries import CheckContext, Finding, live_check
from privacy.policies import probing, queries
from privacy.policies.linking import has_word, required_word
from privacy.policies.looking import failing, languages, verdict
from privacy.promises.queries import facts


@live_check("policies.open_to_everybody", "Can everybody read the public pages without signing in?")
def open_to_everybody(context: CheckContext) -> Finding:
    """HMY-9-1: the pages of PUBLIC_PAGES, the one to sign in, and the policy answer 200 without a cookie."""
    paths = [*probing.public_paths(), reverse("privacy:policy")]
    if not queries.currents("privacy", context.now):
        paths.pop()
    pages = [probing.get(path, language=language) for path in paths for language in languages(facts(), context.now)]
    if failed := failing(pages):
        return failed
    faults = (_fate(page) for page in pages if page.sent_to_sign_in or page.elsewhere or page.status != 200)
    kept = _("Every public page answers to somebody who is not signed in.")
    return verdict(faults, kept, _("A stranger cannot read:"), len(pages))


def _fate(page: probing.Page) -> str:
    if page.sent_to_sign_in:
        return _("%(path)s (asks to sign in)") % {"path": page.asked}
    if page.elsewhere:
        return _("%(path)s (leads to another host)") % {"path": page.asked}
    return f"{page.asked} ({page.status})"


@live_check("policies.linked", "Does every public page link to the privacy policy in force?")
def linked(context: CheckContext) -> Finding:
    """HMY-9-2. Pages that do not answer are ``policies.open_to_everybody``'s matter."""
    return _linked(
        context, lambda _link: True, _("Every public page links to the policy in force."), _("No such link is on:")
    )


@live_check("policies.link_named", "Does the link to the policy contain the promised word?")
def link_named(context: CheckContext) -> Finding:
    """HMY-9-3: the word of the profile's ``link_word``, on every public page and in every language of the site."""
    word = required_word()
    if not word:
        return Finding.cannot_tell(_("The profile's table [policies] has no link_word."))
    return _linked(
        context,
        lambda link: has_word(link.words, word),
        _("The link to the policy says %(word)s on every public page, in every language.") % {"word": word},
        _("No link to the policy says %(word)s on:") % {"word": word},
    )


def _linked(context: CheckContext, fits: Callable[[probing.Link], bool], kept: str, broken: str) -> Finding:
    if not queries.currents("privacy", context.now):
        return Finding.cannot_tell(_("No privacy policy was published yet."))
    policy = reverse("privacy:policy")
    asked_in = languages(facts(), context.now)
    pages = [(probing.get(path, language=one), one) for path in probing.public_paths() for one in asked_in]
    target = probing.get(policy)
    if failed := failing([target, *(page for page, _language in pages)]):
        return failed
    if target.status != 200:
        return Finding.broken(_("The policy itself cannot be read at %(path)s.") % {"path": policy}, str(target.status))
    faults = [
        f"{page.asked} ({language})" if language else page.asked
        for page, language in pages
        if page.status == 200 and not any(fits(link) for link in page.links_to(policy))
    ]
    return verdict(faults, kept, broken, len(pages))
