"""What the live checks of this room share: which declarations they ask, and how they answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.core.registries import Finding
from privacy.datamap import graph
from privacy.datamap.graph import Declared
from privacy.datamap.registry import registry

_SHOWN = 5


def own() -> list[Declared]:
    """Tables about the site's own people."""
    return [item for item in graph.declared() if item.scope != "client"]


def client() -> list[Declared]:
    """Tables that the site holds for its clients."""
    return [item for item in graph.declared() if item.scope == "client"]


def by_host(items: Iterable[Declared]) -> list[Declared]:
    """Without what came bundled or is our own: the host's text says nothing about those by name."""
    return [item for item in items if not registry.is_bundled(item.label) and item.model._meta.app_label != "privacy"]


def external(source: str = "") -> list[Declared]:
    """Tables filled from outside: by a provider, by a feed, or by either."""
    words = (source,) if source else ("provider", "feed")
    return [item for item in graph.declared() if item.source.partition(":")[0] in words]


def verdict(asked: Sequence[Declared], faults: Sequence[str], kept: str, broken: str) -> Finding:
    """Kept without faults; broken with the first few of them, named by their labels."""
    if not faults:
        tables = ngettext("%(count)d table", "%(count)d tables", len(asked))
        return Finding.kept(kept, tables % {"count": len(asked)})
    shown = ", ".join(faults[:_SHOWN])
    more = len(faults) - _SHOWN
    if more > 0:
        shown = _("%(shown)s and %(more)d more") % {"shown": shown, "more": more}
    figure = _("%(faults)d of %(asked)d") % {"faults": len(faults), "asked": max(len(asked), len(faults))}
    return Finding.broken(f"{broken} {shown}.", figure)
