"""Run by ``test_site`` under the demo site's settings: the search index, a place outside the database."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from privacy.core.actors import Actor
from privacy.disposal.models import Closure, StoreReceipt
from privacy.disposal.services import Mandate, close_account, run_closures
from project.coop import search
from project.coop.generate import load, load_one
from project.coop.privacy import SearchIndex
from tests.disposal.searching import files_with

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "Wolpertinger"


@pytest.fixture(autouse=True)
def _index_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.SEARCH_DIR = tmp_path / "search"
    # Each test begins with an empty database, which the journal of another would take for a restored one.
    settings.PRIVACY = {**settings.PRIVACY, "JOURNAL_DIR": tmp_path / "journal"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Without the triggers that would stop the flush behind the test."""
    settings.PRIVACY = {**settings.PRIVACY, "EVIDENCE_TRIGGERS": False}


@pytest.fixture
def member() -> Any:
    now = timezone.now()
    load(count=3, seed=1, now=now)
    load_one(username="member", password="member", seed=1, now=now)
    user = get_user_model().objects.get(username="member")
    user.member.display_name = f"Ada {TOKEN}"
    user.member.save()
    return user


def page(client: Client, query: str) -> str:
    return client.get(reverse("coop:search"), {"q": query}).content.decode()


def close(user: Any) -> Any:
    mandate = Mandate("member", "page", "password")
    return close_account(user=user, mandate=mandate, now=timezone.now(), actor=Actor.member(user))


def test_members_find_each_other_by_what_they_wrote_and_visitors_find_nobody(client: Client, member: Any) -> None:
    assert client.get(reverse("coop:search")).status_code == 302
    search.index_everybody()
    client.force_login(member)
    site = member.member.sites.first()
    for query in (TOKEN.upper(), f"ada {TOKEN}", site.title, site.description.split()[0]):
        assert f"Ada {TOKEN}" in page(client, query)
    assert "Nobody found" in page(client, f"{TOKEN} nowhere")
    assert "found for" not in page(client, "")


def test_what_a_member_changes_is_found_by_its_new_words_only(client: Client, member: Any) -> None:
    site = member.member.sites.first()
    site.title = "Zwiebelturm"
    site.save()
    client.force_login(member)
    assert "Zwiebelturm" in page(client, "zwiebelturm")
    site.title = "Kirchturm"
    site.save()
    assert "Nobody found" in page(client, "zwiebelturm")
    assert search.find("kirchturm")


def test_closing_an_account_removes_the_person_from_the_search(client: Client, member: Any) -> None:
    search.index_everybody()
    key, others = str(member.pk), search.count([str(k) for k in get_user_model().objects.values_list("pk", flat=True)])
    own = search.count([key])
    assert own > 1
    assert SearchIndex().export([key])[key]["name"] == f"Ada {TOKEN}"

    report = close(member)

    assert report.status == "done"
    assert [(store.title, store.answer) for store in report.stores] == [("Search of the co-op", "confirmed")]
    assert search.count([key]) == 0
    assert files_with(TOKEN.casefold(), settings.SEARCH_DIR) == files_with(TOKEN, settings.SEARCH_DIR) == []
    assert search.find(TOKEN) == []
    left = [str(k) for k in get_user_model().objects.values_list("pk", flat=True)]
    assert search.count(left) > others - own - 1, "the others are still found"


def test_an_index_that_cannot_be_written_leaves_the_closure_partial_until_it_can(member: Any) -> None:
    search.index_everybody()
    key, words = str(member.pk), Path(settings.SEARCH_DIR) / "words"
    broken = next(path for path in sorted(words.glob("*.json")) if f'"{key}"' in path.read_text())
    content = broken.read_text()
    broken.write_text("{half a file")

    assert close(member).errors == ("search: JSONDecodeError",)

    broken.write_text(content)
    now = timezone.now()
    run_closures(now=now, horizon=now, actor=Actor.system("night"))
    assert Closure.objects.get().status == "done"
    assert StoreReceipt.objects.get().attempts == 2
    assert search.count([key]) == 0


def test_a_crash_half_way_through_is_mended_by_the_next_call(member: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    search.index_everybody()
    key, written = str(member.pk), []
    write = search._write

    def crash(path: Path, content: Any) -> None:
        if len(written) == 2:
            path.with_suffix(".new").write_text(TOKEN)
            raise KeyboardInterrupt
        written.append(path)
        write(path, content)

    monkeypatch.setattr(search, "_write", crash)
    with pytest.raises(KeyboardInterrupt):
        search.remove([key])
    monkeypatch.undo()
    assert search.count([key]) > 0
    search.remove([key])
    assert search.count([key]) == 0
    assert files_with(TOKEN, settings.SEARCH_DIR) == []


def test_two_writers_at_once_lose_nothing(member: Any) -> None:
    keys = [str(key) for key in get_user_model().objects.filter(member__isnull=False).values_list("pk", flat=True)]
    search.index_everybody()
    before = search.count(keys[1:])
    threads = [threading.Thread(target=search.remove, args=([keys[0]],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (search.count(keys[:1]), search.count(keys[1:])) == (0, before)


def test_the_command_that_loads_members_indexes_them() -> None:
    call_command("coop_load", "2", verbosity=0)
    keys = [str(key) for key in get_user_model().objects.filter(member__isnull=False).values_list("pk", flat=True)]
    assert all(search.held([key]) for key in keys)
    assert len(keys) == 2
