"""What members said and did before today, each in the way that this site's policy offers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from privacy.consent.models import Choice, Flag, Purpose, Wording
from privacy.consent.people import Person
from privacy.consent.services import decide, object_to, restrict
from privacy.core.actors import Actor
from privacy.disposal.mandate import Mandate
from privacy.disposal.queries import rules as closure_rules
from privacy.disposal.services import close_account
from privacy.messages import services as messages
from privacy.messages.models import Suppression
from privacy.messages.rules import message_rules
from project.coop.models import Member

#: Members who said on their page what may be done with their data.
ANSWERED = 20


def answers(now: datetime) -> int:
    """Some members said on their page what the profile asks, and one of them objected. Returns how many did."""
    asked = [purpose for purpose in Purpose.objects.filter(retired_at=None) if purpose.needs_consent]
    optional = Purpose.objects.filter(marketing=True, retired_at=None).exclude(legal_basis="consent").first()
    users = get_user_model()._default_manager.filter(is_active=True, is_staff=False).order_by("pk")[:ANSWERED]
    for number, user in enumerate(users):
        person, actor, moment = Person.of_user(user), Actor.member(user), now - timedelta(days=number + 1)
        for purpose in asked:
            wording = Wording.objects.of(purpose.code).filter(language="en").newest_first().first()
            if wording is not None:
                decide(
                    person=person,
                    purpose=purpose.code,
                    choice=Choice.REFUSED if number % 4 == 0 else Choice.GIVEN,
                    wording=wording,
                    surface="account",
                    language="en",
                    now=moment,
                    actor=actor,
                )
        if optional is not None and number == 0:
            object_to(person=person, purpose=optional.code, surface="account", now=moment, actor=actor)
    return len(users)


def refusals(now: datetime) -> int:
    """One pressed the button that ends mail, one wrote a letter about it, one had the use of their data restricted."""
    presser, writer, doubter = _members()[ANSWERED : ANSWERED + 3]
    yesterday = now - timedelta(days=1)
    messages.stop_all(user=presser, now=yesterday, actor=Actor.member(presser))
    messages.opt_out(
        address=writer.email,
        source=Suppression.Source.STAFF,
        level="" if message_rules().opt_out != "topic" else "marketing",
        requested_at=now - timedelta(days=2),
        user_key=str(writer.pk),
        now=yesterday,
        actor=Actor.command("demo"),
    )
    restrict(
        person=Person.of_user(doubter),
        ground=Flag.Ground.ACCURACY,
        surface="account",
        now=yesterday,
        actor=Actor.member(doubter),
    )
    return 3


def leaving(now: datetime) -> int:
    """Where accounts are closed by writing in, somebody did, and staff looked at who it was (CPT-8-3)."""
    if "self" in closure_rules().route:
        return 0
    close_account(
        user=_members()[ANSWERED + 3],
        mandate=Mandate("staff", "admin", "document"),
        now=now,
        actor=Actor.command("demo"),
    )
    return 1


def _members() -> list[Any]:
    """Those who are active, the oldest first, and never the one who signs in as ``member``."""
    keys = Member.objects.filter(status=Member.Status.ACTIVE).order_by("pk").values("user_id")
    users = get_user_model()._default_manager.filter(pk__in=keys).exclude(username="member")
    return list(users.order_by("pk")[: ANSWERED + 4])


def mailings(now: datetime) -> int:
    """The site wrote to its members: offers to those who may get them, and a notice. Returns how many left."""
    actor = Actor.command("demo")
    rules = message_rules()
    promotion = {topic.code: topic.title for topic in rules.promotional}
    domain = next(iter(rules.sender_domains), "")
    offers = "Hello\n\nThree new ways to get more visits for your credits."
    notice = ("Maintenance on Sunday", "Hello\n\nThe site rests on Sunday from two to four in the morning.")
    texts = {code: (f"{title}: news of the month", offers) for code, title in promotion.items()}
    texts["administration"] = notice
    for code, (subject, text) in texts.items():
        mailing = messages.write(
            code=f"demo-{code}".replace("_", "-"),
            topic=code,
            audience="members",
            language="en",
            sender=f"news@{domain}" if domain else settings.DEFAULT_FROM_EMAIL,
            subject=subject,
            text=text,
            now=now,
            actor=actor,
        )
        messages.test(mailing=mailing, address="admin@coop.example", now=now)
        mailing = messages.approve(mailing=mailing, promotional=code in promotion, now=now, actor=actor)
        messages.start(mailing=mailing, now=now, actor=actor)
    return messages.run_outbox(now=now, actor=actor).counts.get("sent", 0)
