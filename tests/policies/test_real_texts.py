"""The five real texts: mended, they are published, compared with what they were, shown and printed."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from privacy.core.actors import Actor
from privacy.policies.models import PolicyDraft
from privacy.policies.queries import comparison, draft_view
from privacy.policies.services import import_text, publish
from privacy.policies.site import site_of
from privacy.promises.profiles import read_profile
from tests.policies.test_lint import EXPECTED, PROFILES, real_text
from tests.policies.test_rendering import look_at

MENDS = (
    (r"\[email\sprotected\]", "privacy@example.org"),
    (r"\[Insert [^\]\n]*\]", "+1 555 010 0100"),
    (r"one \(2\)", "two (2)"),
    (r"Trend Trax Pro", "Harmony Mails"),
    (r"you can email us at", "write to privacy@example.org"),
    (r"It won't affect[^\n]*", ""),
)


@pytest.mark.parametrize("site", EXPECTED)
def test_a_mended_text_is_published_compared_shown_and_printed(
    db: None, site: str, now: datetime, actor: Actor
) -> None:
    path = real_text(EXPECTED[site][0])
    by = site_of(read_profile(PROFILES / f"{site}.toml"))
    mended = path.read_text(encoding="utf-8")
    for pattern, words in MENDS:
        mended = re.sub(pattern, words, mended)
    versions = []
    for text in (mended, mended.replace("personal", "private")):
        said = import_text(
            raw=text.encode(), name=path.name, document="privacy", language="en", site=by, now=now, actor=actor
        )
        assert said.faults == []
        draft = PolicyDraft.objects.get()
        seen = draft_view(draft, site=by).digest
        versions.append(publish(draft=draft, digest=seen, site=by, now=now, actor=actor))
    found = comparison(*versions)
    assert found.added == found.removed == len(re.findall("personal", mended))
    response = Client().get("/privacy/")
    assert response.status_code == 200
    look_at(response.context["page"].html)
    assert Client().get("/privacy/documents/privacy/en/compare/").status_code == 200
    assert Client().get("/privacy/documents/privacy/en/1.pdf").content.startswith(b"%PDF-")
