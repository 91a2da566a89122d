"""Who the site is and how it is reached, in a reader's words: what the public pages, the PDF and the account page show.

Everything is optional, as it is in the profile: a site that has nothing but a form shows nothing else (ADS-7-1).
Source: K19, GDPR Art. 13(1)(a), (b) and 13(2)(d).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import gettext as _

from privacy.promises.facts import Facts

#: The two queues that a person can write to. They stay two where both end in one mailbox (T16).
CONTACT, OFFICER = "contact", "officer"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach somebody.

    Attributes:
        channel: ``email``, ``form``, ``helpdesk``, ``chat``, ``phone`` or ``post``.
        label: the channel in the reader's language.
        lines: what is printed, more than one only for post.
        href: where it leads; empty for post.
    """

    channel: str
    label: str
    lines: tuple[str, ...]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """One of the two queues: who is there and how they are reached.

    Attributes:
        queue: ``contact`` or ``officer``.
        title: what it is for, in the reader's language.
        name: the person, or empty.
    """

    queue: str
    title: str
    name: str
    ways: tuple[Way, ...]

    def __bool__(self) -> bool:
        return bool(self.name or self.ways)


@dataclass(frozen=True, slots=True)
class About:
    """What is told about the site; every part may be empty.

    Attributes:
        entity: the company, or the name that the site goes by.
        company: whether ``entity`` is a company's name.
        office: the lines of its address, without its name.
        roles: one sentence for each declared role.
        authority, authority_link: where to complain.
        redress: that courts and agencies are open, as a sentence.
    """

    entity: str
    company: bool
    register_number: str
    office: tuple[str, ...]
    roles: tuple[str, ...]
    contact: Desk
    officer: Desk
    authority: str
    authority_link: str
    redress: str

    @property
    def desks(self) -> tuple[Desk, ...]:
        """Those that can be reached."""
        return tuple(desk for desk in (self.contact, self.officer) if desk)

    def __bool__(self) -> bool:
        return bool(
            self.company
            or self.register_number
            or self.office
            or self.roles
            or self.contact
            or self.officer
            or self.authority
            or self.authority_link
            or self.redress
        )


def about(facts: Facts) -> About:
    """The facts of a profile in the language that is active. Asks the database nothing."""
    entity = facts.legal_entity or facts.name
    address = facts.postal_address
    office = address[1:] if address[:1] == (entity,) else address
    return About(
        entity=entity,
        company=bool(facts.legal_entity),
        register_number=facts.register_number,
        office=office if facts.legal_entity else (),
        roles=tuple(_role(scope, role, facts.name) for scope, role in facts.roles.items()),
        contact=_contact(facts, entity, office),
        officer=_officer(facts),
        authority=facts.authority.name,
        authority_link=facts.authority.link,
        redress=_("You may also go to court, or to a public agency that enforces the law on privacy.")
        if facts.redress
        else "",
    )


def _contact(facts: Facts, entity: str, office: tuple[str, ...]) -> Desk:
    ways = [_way(channel, value) for channel, value in facts.contacts.items()]
    # Without a person to name, a company's address is told once, beside its name.
    if office and (facts.contact_name or not facts.legal_entity):
        ways.append(_post(tuple(line for line in (facts.contact_name, entity, *office) if line)))
    return Desk(CONTACT, _("Questions about your data"), facts.contact_name, tuple(ways))


def _officer(facts: Facts) -> Desk:
    officer = facts.officer
    ways = []
    if officer.email:
        shared = officer.email == facts.contacts.get("email")
        ways.append(_way("email", officer.email, subject=_("To the data protection officer") if shared else ""))
    if officer.postal_address:
        ways.append(_post(officer.postal_address))
    return Desk(OFFICER, _("Data protection officer"), officer.name, tuple(ways))


def _way(channel: str, value: str, *, subject: str = "") -> Way:
    """``subject`` lets whoever opens a shared mailbox tell the two queues apart."""
    href = value
    if channel == "email":
        href = f"mailto:{value}" + (f"?subject={quote(subject)}" if subject else "")
    elif channel == "phone":
        href = "tel:" + "".join(sign for sign in value if sign.isdigit() or sign == "+")
    return Way(channel, _labels()[channel], (value,), href)


def _post(lines: tuple[str, ...]) -> Way:
    return Way("post", _labels()["post"], lines)


def _labels() -> Mapping[str, str]:
    return {
        "email": _("E-mail"),
        "form": _("Form"),
        "helpdesk": _("Help desk"),
        "chat": _("Chat"),
        "phone": _("Telephone"),
        "post": _("Post"),
    }


def _role(scope: str, role: str, name: str) -> str:
    """One sentence, with the word of the law that a reader looks for (GDPR Art. 4(7), (8))."""
    if scope == "client" and role == "processor":
        return _(
            "What clients of %(name)s store about others belongs to those clients: each of them is the controller, "
            "and %(name)s is their processor."
        ) % {"name": name}
    if scope == "client":
        return _("%(name)s is the controller of what its clients store, too.") % {"name": name}
    if role == "controller":
        return _("%(name)s is the controller: it decides what data about you is used for.") % {"name": name}
    return _("%(name)s is a processor: it uses data about you only as others have told it to.") % {"name": name}
