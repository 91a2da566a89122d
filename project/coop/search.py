"""The co-op's search index: small files beside the database, as a search engine would lie beside a larger site's.

``people/<key>.json`` holds what the page shows of a member, ``words/<hash>.json`` which members a word leads to. One
writer at a time; a file is replaced as a whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Prefetch

from privacy.core.batches import keyset
from project.coop.models import Campaign, Member, Site

_WORD = re.compile(r"\w{2,}")
_SHARDS = 64
_AT_ONCE = 250
_MOST = 50


@dataclass(frozen=True, slots=True)
class Page:
    """What one member's entry in the index says.

    Attributes:
        name: as other members see it.
        sites: titles and addresses of their sites, with what they say about them.
        campaigns: headlines, with their texts.
    """

    name: str
    sites: tuple[tuple[str, str, str], ...] = ()
    campaigns: tuple[tuple[str, str], ...] = ()

    def words(self) -> set[str]:
        texts = [self.name, *(text for entry in (*self.sites, *self.campaigns) for text in entry)]
        return {word.casefold() for text in texts for word in _WORD.findall(text)}


def find(query: str) -> list[tuple[str, Page]]:
    """Members whose entry has every word of the query, each with the account's key; at most fifty."""
    words = {word.casefold() for word in _WORD.findall(query)}
    if not words:
        return []
    found = [set(_read(_shard(word)).get(word, ())) for word in words]
    keys = sorted(set.intersection(*found), key=lambda key: (len(key), key))
    pages = ((key, _read(_entry(key))) for key in keys)
    return [(key, _page(held)) for key, held in pages if held][:_MOST]


def index(keys: Iterable[Any]) -> int:
    """Read these accounts' entries anew from the database; who has no membership any more leaves the index."""
    keys = [str(key) for key in keys]
    with _alone():
        pages = dict(_pages(keys))  # not before: whoever was erased meanwhile must not come back
        _forget(set(keys))
        leading: dict[Path, dict[str, set[str]]] = {}
        for key, page in pages.items():
            _write(_entry(key), asdict(page))
            for word in page.words():
                leading.setdefault(_shard(word), {}).setdefault(word, set()).add(key)
        for shard, words in leading.items():
            known = _read(shard)
            _write(shard, known | {word: sorted({*known.get(word, ()), *more}) for word, more in words.items()})
    return len(pages)


def index_everybody() -> int:
    """Fill the index from the database, a batch of members at a time."""
    everybody = keyset(get_user_model()._default_manager.filter(member__isnull=False), _AT_ONCE)
    return sum(index(keys) for keys in everybody)


def remove(keys: Sequence[str]) -> None:
    """Take these accounts out. Each file is replaced whole, so a crash half way is mended by the next call."""
    with _alone():
        _forget(set(keys))


def count(keys: Sequence[str]) -> int:
    """How many entries, and words that lead to them, the files hold about these accounts."""
    wanted = set(keys)
    leading = sum(not wanted.isdisjoint(members) for shard in _shards() for members in _read(shard).values())
    return leading + sum(_entry(key).exists() for key in wanted)


def held(keys: Sequence[str]) -> dict[str, Any]:
    """What the index holds about these accounts, for a copy."""
    return {key: page for key in keys if (page := _read(_entry(key)))}


def _pages(keys: Sequence[str]) -> Iterator[tuple[str, Page]]:
    sites = Prefetch("sites", Site.objects.order_by("pk").prefetch_related("campaigns"))
    for member in Member.objects.filter(user__in=[int(key) for key in keys]).prefetch_related(sites):
        own = list(member.sites.all())
        ads: list[Campaign] = [campaign for site in own for campaign in site.campaigns.all()]
        yield (
            str(member.user_id),
            Page(
                member.display_name,
                tuple((site.title, site.url, site.description) for site in own),
                tuple((campaign.headline, campaign.body) for campaign in ads),
            ),
        )


def _page(held: Mapping[str, Any]) -> Page:
    return Page(held["name"], tuple(map(tuple, held["sites"])), tuple(map(tuple, held["campaigns"])))


def _forget(keys: set[str]) -> None:
    """The words first: as long as the entry is there, the index still says that somebody is in it."""
    for half in _folder().rglob("*.new"):  # what a crash left behind
        half.unlink()
    for shard in _shards():
        before = _read(shard)
        after = {word: left for word, members in before.items() if (left := [m for m in members if m not in keys])}
        if after != before:
            _write(shard, after)
    for key in keys:
        _entry(key).unlink(missing_ok=True)


# --- files ---------------------------------------------------------------------------------


def _folder() -> Path:
    return Path(settings.SEARCH_DIR)


def _entry(key: str) -> Path:
    return _folder() / "people" / f"{int(key)}.json"  # a number, so it can name no other folder


def _shard(word: str) -> Path:
    number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=2).digest()) % _SHARDS
    return _folder() / "words" / f"{number:02}.json"


def _shards() -> list[Path]:
    return sorted((_folder() / "words").glob("*.json"))


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())  # type: ignore[no-any-return]
    except FileNotFoundError:
        return {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content))
    new.replace(path)


@contextmanager
def _alone() -> Iterator[None]:
    """One writer at a time, across processes."""
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
