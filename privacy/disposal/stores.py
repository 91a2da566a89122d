"""External stores are asked for many people at once; one that refuses is asked for fewer, until it is known whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from privacy.datamap.declarations import ExternalStore
from privacy.disposal.models import StoreReceipt
from privacy.disposal.patience import Late, Outside

#: Enough to find one or two people among 500. A store that is down answers nobody: after so many
#: refusals the rest share the reason, and the night asks again.
_REFUSALS = 20

_Kind = StoreReceipt.Answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What a store said about some people.

    Attributes:
        kind: a value of ``StoreReceipt.Answer``. Only ``confirmed`` is success: a store that raises, is late,
            says that something is left, or does not say what is left has confirmed nothing.
        left: records left, as it says; of those who were asked about together.
        error: the kind of error, or how long was waited.
    """

    kind: str
    left: int = 0
    error: str = ""


def ask(declared: type[ExternalStore], keys: Sequence[str]) -> dict[str, Answer]:
    """Have a store erase these people and say what is left of them; an answer for each key.

    Args:
        keys: ``str(pk)`` of each.
    """
    with Outside(f"store {declared.name}", seconds=declared.timeout) as outside:
        return _Asking(declared, outside).about(list(dict.fromkeys(keys)))


class _Asking:
    def __init__(self, declared: type[ExternalStore], outside: Outside) -> None:
        self.declared = declared
        self.outside = outside
        self.store: ExternalStore | None = None
        self.refusals = 0

    def about(self, keys: list[str]) -> dict[str, Answer]:
        answer = self._ask(keys)
        if answer.kind == _Kind.CONFIRMED:
            return dict.fromkeys(keys, answer)
        self.refusals += 1
        # Who is late would be late again, and everybody waits meanwhile.
        if len(keys) == 1 or self.refusals > _REFUSALS or answer.kind == _Kind.LATE:
            return dict.fromkeys(keys, answer)
        middle = len(keys) // 2
        return self.about(keys[:middle]) | self.about(keys[middle:])

    def _ask(self, keys: list[str]) -> Answer:
        try:
            if self.store is None:
                self.store = self.outside.call(self.declared)
            self.outside.call(partial(self.store.erase, keys))
            left = self.outside.call(partial(self.store.verify, keys))
        except Late:
            return Answer(_Kind.LATE, error=f"{self.declared.timeout:g} s")
        except Exception as error:  # noqa: BLE001 a store outside may fail in any way; it is retried
            return Answer(_Kind.REFUSED, error=type(error).__name__[:100])
        if isinstance(left, bool) or not isinstance(left, int) or left < 0:
            return Answer(_Kind.SILENT)
        return Answer(_Kind.LEFT, left=min(left, 2**31 - 1)) if left else Answer(_Kind.CONFIRMED)
