"""Live checks of what the policy's page tells about the site: who it is, how it is reached, where to complain (K19)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.core.conf import settings as ours
from privacy.core.registries import CheckContext, Finding, live_check
from privacy.datamap.faults import SCOPES
from privacy.policies import answering, probing, queries
from privacy.policies.about import About, Desk, about
from privacy.policies.lint import faults_of
from privacy.policies.looking import failing, languages, verdict
from privacy.policies.site import site_in_force
from privacy.promises.facts import Facts
from privacy.promises.queries import facts


def _told(context: CheckContext, wanted: Callable[[About], Iterable[tuple[str, str]]], kept: str) -> Finding:
    """Whether the page of the policy says all of ``wanted`` in every language: pairs of what it is and its words.

    Empty words are something that the profile lacks: what is promised and unknown is told to nobody.
    """
    known = facts()
    if not known.code:
        return Finding.cannot_tell(_("No profile is loaded."))
    missing, pages, asked = [], [], 0
    for language in languages(known, context.now) if queries.currents("privacy", context.now) else [""]:
        page = probing.get(reverse("privacy:policy") + (f"?language={language}" if language else ""), language=language)
        pages.append(page)
        for what, words in _in_each(wanted, known, (language, page.language, settings.LANGUAGE_CODE)):
            asked += 1
            if not all(words):
                missing.append(_("%(what)s (not in the profile)") % {"what": what})
            elif not any(page.says(one) for one in words):
                missing.append(f"{what} ({language})" if language else what)
    if failed := failing(pages):
        return failed
    return verdict(missing, kept, _("The page of the policy does not tell:"), asked)


def _in_each(
    wanted: Callable[[About], Iterable[tuple[str, str]]], known: Facts, page_languages: Iterable[str]
) -> Iterator[tuple[str, list[str]]]:
    """Each thing with its words in the languages that the page may be framed in."""
    rows = []
    for language in dict.fromkeys(one for one in page_languages if one):
        with override(language):
            rows.append(list(wanted(about(known))))
    for same in zip(*rows, strict=True):
        yield same[0][0], [words for _what, words in same]


@live_check("policies.entity_told", "Does the policy's page name the company, its register entry and its office?")
def entity_told(context: CheckContext) -> Finding:
    """HVR-1-1."""

    def wanted(told: About) -> Iterator[tuple[str, str]]:
        yield _("company"), told.entity if told.company else ""
        yield _("register entry"), told.register_number
        yield _("registered office"), ", ".join(told.office)

    return _told(context, wanted, _("The policy's page names the company, its register entry and its office."))


@live_check(
    "policies.role_told", "Does the policy's page say which role the site has?", {"own": "text", "client": "text"}
)
def role_told(context: CheckContext) -> Finding:
    """HMY-1-2. ``params`` may give the promised role a scope: ``{"own": "controller"}``."""
    params = context.promise.params
    roles = facts().roles
    other = [scope for scope in SCOPES if (role := params.get(scope)) and roles.get(scope) != role]
    if other:
        why = _("The profile names another role than promised for: %(what)s.")
        return Finding.broken(why % {"what": ", ".join(other)})
    if not roles and facts().code:
        return Finding.cannot_tell(_("The profile names no roles under [site.roles]."))
    kept = _("The policy's page says which role the site has.")
    return _told(context, lambda told: ((_("role"), one) for one in told.roles), kept)


@live_check("policies.contact_told", "Are the promised ways to ask a question on the policy's page?", {"ways": "texts"})
def contact_told(context: CheckContext) -> Finding:
    """HTC-15-1, CPT-13-1, HMY-16-1, ADS-7-1. ``params.ways``: ``email``, ``form``, ``helpdesk``, ``chat``, ``phone``,
    ``post``, ``person``; without it any one is enough.
    """
    ways = tuple(context.promise.params.get("ways", ()))
    kept = _("The policy's page says how questions reach the site.")
    return _told(context, lambda told: _ways(told.contact, ways, told), kept)


@live_check("policies.officer_told", "Is the data protection officer on the policy's page?", {"ways": "texts"})
def officer_told(context: CheckContext) -> Finding:
    """HTC-5.1-10, HTC-15-1, HVR-15-1. ``params.ways``: ``email``, ``post``, ``person``."""
    ways = tuple(context.promise.params.get("ways", ()))
    kept = _("The policy's page says how to reach the data protection officer.")
    return _told(context, lambda told: _ways(told.officer, ways, told), kept)


def _ways(desk: Desk, ways: tuple[str, ...], told: About) -> Iterator[tuple[str, str]]:
    by_channel = {way.channel: " ".join(way.lines) for way in desk.ways}
    if desk.queue == "contact" and told.office:
        by_channel.setdefault("post", ", ".join(told.office))
    by_channel |= {"person": desk.name} if desk.name else {}
    for way in ways or (next(iter(by_channel), _("any way")),):
        yield f"{desk.title}: {way}", by_channel.get(way, "")


@live_check("policies.authority_told", "Are people told that they may complain to an authority?")
def authority_told(context: CheckContext) -> Finding:
    """HTC-5.1-11, HMY-10-10: on the policy's page, and on the privacy page of an account."""
    told = about(facts())
    block = render_to_string("privacy/policies/block_about.html", {"about": told})
    if told.authority and told.authority not in block:
        return Finding.broken(_("The privacy page of an account does not tell the authority."))
    return _told(
        context,
        lambda told: ((_("authority"), told.authority or told.authority_link),),
        _("People are told that they may complain to an authority, and to which."),
    )


@live_check("policies.redress_told", "Are people told that courts and agencies are open to them?")
def redress_told(context: CheckContext) -> Finding:
    """HMY-14-2."""
    return _told(
        context,
        lambda told: ((_("courts and agencies"), told.redress),),
        _("People are told that courts and agencies are open to them."),
    )


@live_check("policies.nothing_unfilled", "Is no blank left open in the policy in force?")
def nothing_unfilled(context: CheckContext) -> Finding:
    """CPT-13-1, HVR-15-1: no placeholder, no hidden address, no "mail us at" with nothing behind it."""
    in_force = queries.currents("privacy", context.now)
    if not in_force:
        return Finding.cannot_tell(_("No privacy policy was published yet."))
    known = site_in_force().known("privacy")
    codes = {"placeholder", "obfuscated_address", "empty_address", "unresolved_figure"}
    faults = []
    for language, row in sorted(in_force.items()):
        version = queries.version("privacy", language, row.number)
        found = faults_of(version.text, known) if version else ()
        faults += [f"{language}:{fault.line} ({fault.code})" for fault in found if fault.code in codes]
    kept = _("No blank is left open in the policy in force.")
    return verdict(faults, kept, _("The policy in force still has blanks at"), len(in_force))


@live_check("policies.contact_answers", "Do the form and the help desk answer?", {"ways": "texts"})
def contact_answers(context: CheckContext) -> Finding:
    """HMY-16-1, ADS-7-1: links of the site's own are asked through Django, those on other hosts only where the setting
    ``ASK_OTHER_HOSTS`` allows it.
    """
    ways = tuple(context.promise.params.get("ways", ("form", "helpdesk", "chat")))
    links = {way: link for way, link in facts().contacts.items() if way in ways and way not in ("email", "phone")}
    if not links:
        return Finding.cannot_tell(_("The profile names no form, help desk or chat."))
    own = urlsplit(probing.own_address()).netloc
    faults, foreign = [], []
    for way, link in links.items():
        if urlsplit(link).netloc in ("", own):
            page = probing.get(link)
            if page.status >= 500 or page.status != 200 or page.sent_to_sign_in:
                faults.append(f"{way} ({page.status})")
        elif not ours.ask_other_hosts:
            foreign.append(way)
        elif not answering.answers(link):
            faults.append(way)
    if not faults and foreign:
        return Finding.cannot_tell(
            _("This lies on another host, which is asked only with the setting ASK_OTHER_HOSTS: %(ways)s.")
            % {"ways": ", ".join(foreign)}
        )
    return verdict(faults, _("Every link to the form or the help desk answers."), _("No answer came from"), len(links))
