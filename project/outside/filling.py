"""What outside logins and partners handed over about invented members."""

from __future__ import annotations

from datetime import datetime

from project.coop.generate import Batch
from project.coop.people import DAY, Person
from project.outside.models import IntegratedProfile, PartnerProfile

REACH = 480 * DAY


def make(batch: Batch) -> int:
    """A third of the members came by an outside login, and of more than half a partner knows something."""
    logins = batch.save(_integrated(one, key, batch.now) for one, key in batch.members if one.number % 3 == 0)
    partners = batch.save(_partner(one, key, batch.now) for one, key in batch.members if one.number % 5 < 3)
    return len(logins) + len(partners)


def _integrated(one: Person, member: int, now: datetime) -> IntegratedProfile:
    return IntegratedProfile(
        member_id=member,
        provider="examplelogin",
        provider_uid=one.token(16),
        full_name=one.name,
        gender=one.random.choice(("", "f", "m", "x")),
        city=one.address().rpartition(" ")[2],
        picture_url=f"https://login.example.org/pictures/{one.token()}.png",
        imported_at=one.moment(now, now - REACH),
    )


def _partner(one: Person, member: int, now: datetime) -> PartnerProfile:
    return PartnerProfile(
        member_id=member,
        segment=one.random.choice(("outdoor", "technology", "household", "travel")),
        region=one.random.choice(("north", "east", "south", "west")),
        score=one.random.randint(1, 100),
        received_at=one.moment(now, now - REACH),
    )
