"""What kinds of messages there are, and what each of them may rest on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """The class of a message. Promotional content in any message makes it marketing, whatever it was called."""

    MARKETING_OWN = "marketing_own", _("our own offers")
    MARKETING_PARTNER = "marketing_partner", _("partners' offers")
    NEWSLETTER = "newsletter", _("newsletter")
    SERVICE = "service", _("service")
    ADMINISTRATIVE = "administrative", _("administrative")
    LEGAL = "legal", _("legal")


#: What an opt-out of promotion stops.
PROMOTIONAL = (Kind.MARKETING_OWN, Kind.MARKETING_PARTNER, Kind.NEWSLETTER)

#: The smaller goes first: a breach notice never waits behind a newsletter.
PRIORITY = {Kind.LEGAL: 0, Kind.ADMINISTRATIVE: 10, Kind.SERVICE: 20, **dict.fromkeys(PROMOTIONAL, 50)}


class Basis(TextChoices):
    """Why somebody may be written to without having asked for this very message (X04)."""

    OPT_IN = "opt_in", _("the person asked for it")
    CUSTOMER = "customer", _("the person is a customer")
    OPT_OUT = "opt_out", _("the person did not object")
    NONE = "none", _("it belongs to the service, or the law wants it")


class Channel(TextChoices):
    """How a person is reached. E-mail is sent from here; for the others the site is given lists."""

    EMAIL = "email", _("e-mail")
    TEXT = "text", _("text message")
    PHONE = "phone", _("telephone")
    POST = "post", _("post")


class Level(TextChoices):
    """How much an opt-out stops (X03). No level stops what is exempt."""

    TOPIC = "topic", _("this kind of message")
    MARKETING = "marketing", _("all promotion")
    ALL = "all", _("all correspondence")


class Exempt(StrEnum):
    """Why a message goes out although all correspondence was stopped (T41). Each such message is logged."""

    BREACH = "breach"
    REQUEST = "request"
    LAW = "law"


class Frequency(TextChoices):
    """How often a person wants one kind of promotion at most."""

    EVERY = "every", _("each one")
    WEEKLY = "weekly", _("at most once a week")
    MONTHLY = "monthly", _("at most once a month")


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of message that the site sends.

    Attributes:
        code: ``"offers"``; stands in rows and profiles.
        title: what a member reads.
        kind: its class.
        basis: what it rests on; a promotional topic without one needs an express opt-in.
        purpose: the consent purpose that must allow it; empty where none is asked.
        exempt: why it goes even to people who stopped all correspondence; only of class *legal*.
    """

    code: str
    title: str | Promise
    kind: Kind
    basis: Basis = Basis.NONE
    purpose: str = ""
    exempt: Exempt | None = None

    @property
    def promotional(self) -> bool:
        return self.kind in PROMOTIONAL


#: What every site may have to send, whatever its profile says.
BUILT_IN = (
    Topic("breach", _("Notices of a breach"), Kind.LEGAL, exempt=Exempt.BREACH),
    Topic("request_answer", _("Answers to your own requests"), Kind.LEGAL, exempt=Exempt.REQUEST),
    Topic("legal_notice", _("Notices that the law requires"), Kind.LEGAL, exempt=Exempt.LAW),
    Topic("administration", _("Notices about your account"), Kind.ADMINISTRATIVE),
    Topic("site_mail", _("Mail of the service"), Kind.SERVICE),
)
