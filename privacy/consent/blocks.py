"""What this room answers to rooms below and above it."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count

from privacy.consent import replaying  # noqa: F401
from privacy.consent.models import ConsentContext, Flag
from privacy.core.registries import key_users


def digests_by_key() -> dict[str, int]:
    """Rows whose person only a digest or a pseudonym can tell, by the id of the key that it needs."""
    nameless = ConsentContext.objects.filter(user_key="").order_by()
    found = Counter(dict(nameless.values_list("digest_key").annotate(Count("pk"))))
    found.update(dict(Flag.objects.filter(user_key="").order_by().values_list("digest_key").annotate(Count("pk"))))
    return dict(found)


key_users.add("consent.people", digests_by_key)
