"""A restore loses no version: the journal tells each with its whole text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from privacy.core.actors import Actor
from privacy.core.replayers import replayers
from privacy.disposal.journal import files
from privacy.disposal.journal.lines import gathered
from privacy.evidence.models import EvidenceEntry
from privacy.messages.models import Mailing
from privacy.policies.binding import binds_everybody_from
from privacy.policies.models import PolicyDraft, PolicyVersion
from privacy.policies.queries import current, draft_view
from privacy.policies.services import publish, withdraw, write_draft
from privacy.promises.models import FrozenBound
from privacy.promises.queries import bounds
from tests.disposal.journal.conftest import undone
from tests.policies.conftest import GOOD
from tests.policies.test_clocks import CPT, DAY, HVR, with_policies


@pytest.fixture
def journal(_own_folders: Path, settings: Any) -> Path:
    folder = _own_folders / "journal"
    settings.PRIVACY = {**settings.PRIVACY, "JOURNAL_DIR": folder}
    return folder


def told() -> list[Any]:
    return [one for (kind, _id), one in gathered(files.lines_since()).items() if kind == "version"]


def test_what_was_published_since_the_backup_comes_back_word_for_word(
    journal: Path,
    published: Callable[..., PolicyVersion],
    draft: Callable[..., PolicyDraft],
    now: datetime,
    actor: Actor,
) -> None:
    before = published()
    kept = draft("Another text for the backup. privacy@example.org", document="terms")
    with undone():
        second, third = published(GOOD + "\nSecond.\n"), published(GOOD + "\nThird.\n")
        withdraw(version=third, reason="A mistake.", now=now, actor=actor)
        lost = {row.pk: (row.text, row.digest, row.published_at, row.figures) for row in (second, third)}
    assert list(PolicyVersion.objects.values_list("pk", flat=True)) == [before.pk]

    replay = replayers.get("version").run
    assert replay(told(), now, actor) == {"told": 3, "again": 2, "there": 1, "withdrawn": 1}
    for key, was in lost.items():
        row = PolicyVersion.objects.get(pk=key)
        assert (row.text, row.digest, row.published_at, row.figures) == was
        assert row.is_unaltered
    assert PolicyVersion.objects.get(pk=third.pk).is_withdrawn
    assert current("privacy", ["en"], now) == PolicyVersion.objects.get(pk=second.pk)
    assert PolicyDraft.objects.get() == kept
    assert EvidenceEntry.objects.get(act="policies.replayed").counts == {"versions": 2, "withdrawals": 1}

    assert replay(told(), now, actor) == {"told": 3, "again": 0, "there": 3, "withdrawn": 0}
    assert EvidenceEntry.objects.filter(act="policies.replayed").count() == 1


def test_a_draft_that_came_back_with_the_backup_is_not_published_again(
    journal: Path,
    draft: Callable[..., PolicyDraft],
    published: Callable[..., PolicyVersion],
    now: datetime,
    actor: Actor,
) -> None:
    draft("Backups go. privacy@example.org")
    with undone():
        published("Backups go. privacy@example.org")
    assert PolicyDraft.objects.exists()
    replayers.get("version").run(told(), now, actor)
    assert not PolicyDraft.objects.exists()
    assert PolicyVersion.objects.count() == 1


def test_what_a_version_binds_comes_back_with_it(
    journal: Path, published: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    with undone():
        published()
        was = FrozenBound.objects.values().get()
    assert not FrozenBound.objects.exists()
    replayers.get("version").run(told(), now, actor)
    assert FrozenBound.objects.values().get() == was
    (bound,) = bounds("backups.kept_for", now=now)
    assert (bound.version, bound.place) == ("privacy.en.1", '§2 "Backups" of privacy.en.1')


def test_from_when_a_version_binds_comes_back_with_it(
    journal: Path,
    settings: Any,
    profile: Callable[..., None],
    published: Callable[..., PolicyVersion],
    now: datetime,
    actor: Actor,
) -> None:
    settings.PRIVACY = {**settings.PRIVACY, "SITE_URL": "https://example.org"}
    profile(with_policies(HVR))
    published()
    with undone():
        draft = write_draft(
            document="privacy",
            language="en",
            title="",
            form="markdown",
            text=GOOD + "\nSecond.\n",
            revised_on=None,
            note="Second.",
            material=False,
            post_at=now + 3 * DAY,
            effective_from=now + 5 * DAY,
            early_reason="A court ordered it.",
            now=now,
            actor=actor,
        )
        lost = publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)
    profile(with_policies(CPT))
    replayers.get("version").run(told(), now, actor)
    back = PolicyVersion.objects.get(pk=lost.pk)
    for name in ("effect", "material", "early_reason", "announced_at", "published_at", "note"):
        assert getattr(back, name) == getattr(lost, name), name
    assert binds_everybody_from(back) == now + 5 * DAY


def test_the_mails_of_a_version_that_was_withdrawn_since_the_backup_stay_stopped(
    journal: Path, profile: Callable[..., None], published: Callable[..., PolicyVersion], now: datetime, actor: Actor
) -> None:
    profile(with_policies(CPT))
    published()
    mistaken = published(GOOD + "\nA mistake.\n")
    with undone():
        withdraw(version=mistaken, reason="A mistake.", now=now, actor=actor)
    assert Mailing.objects.get().state == Mailing.State.PREPARING
    replayers.get("version").run(told(), now, actor)
    assert Mailing.objects.get().state == Mailing.State.STOPPED
