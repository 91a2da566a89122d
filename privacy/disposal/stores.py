"""External stores are asked for many people at once; one that refuses is asked for fewer, until it is known whose."""

from __future__ import annotations

from collections.abc import Sequence

from privacy.datamap import graph
from privacy.datamap.declarations import ExternalStore

#: Enough to find one or two people among 500. A store that is down answers nobody: after so many
#: refusals the rest share the reason, and the night asks again.
_REFUSALS = 20


def erase_stores(keys: Sequence[str]) -> dict[str, list[str]]:
    """Erase these people everywhere outside and ask what is left.

    Returns:
        Reasons by key; people of whom every store says that nothing is left are not in it.
    """
    errors: dict[str, list[str]] = {}
    for store in graph.stores():
        for key, reason in _Asking(store).erase(list(keys)).items():
            errors.setdefault(key, []).append(f"{store.name}: {reason}")
    return errors


class _Asking:
    def __init__(self, store: ExternalStore) -> None:
        self.store = store
        self.refusals = 0

    def erase(self, keys: list[str]) -> dict[str, str]:
        reason = self._ask(keys)
        if not reason:
            return {}
        self.refusals += 1
        if len(keys) == 1 or self.refusals > _REFUSALS:
            return dict.fromkeys(keys, reason)
        middle = len(keys) // 2
        return self.erase(keys[:middle]) | self.erase(keys[middle:])

    def _ask(self, keys: list[str]) -> str:
        try:
            self.store.erase(keys)
            left = self.store.verify(keys)
        except Exception as error:  # noqa: BLE001 a store outside may fail in any way; it is retried
            return type(error).__name__
        return f"{left} records left" if left else ""
