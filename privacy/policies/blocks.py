"""What the privacy page of a member says about policies, what they accepted, and who the site is (HTC-5.1-11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from privacy.consent.people import Person
from privacy.core.people import joined_at
from privacy.core.registries import PageBlock, page_blocks
from privacy.policies.about import about
from privacy.policies.acceptance.queries import asked_of, own
from privacy.policies.binding import versions_binding
from privacy.policies.linking import policy_link
from privacy.promises.queries import facts


def _member(user: Any, now: datetime) -> Mapping[str, Any]:
    found = versions_binding(user_key=str(user.pk), joined_at=joined_at(user), now=now)
    return {"bindings": [found[document] for document in sorted(found)]}


def _acceptances(user: Any, now: datetime) -> Mapping[str, Any]:
    person = Person.of_user(user)
    question = asked_of(person, joined_at=joined_at(user), now=now)
    return {"question": question, "last": own(person).first()}


def _about(_user: Any, _now: datetime) -> Mapping[str, Any]:
    return {"about": about(facts()), "link": policy_link()}


page_blocks.add("policies", PageBlock("policies", 15, "privacy/policies/block.html", _member))
# Behind what is held and agreed to, before the way out.
page_blocks.add("about", PageBlock("about", 80, "privacy/policies/block_about.html", _about))
page_blocks.add("acceptances", PageBlock("acceptances", 25, "privacy/policies/block_acceptances.html", _acceptances))
