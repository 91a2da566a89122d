"""How a site leaves one of its own views open."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def gate_exempt(view: View[P]) -> View[P]:
    """A view that the gate leaves open. For a class: ``@method_decorator(gate_exempt, name="dispatch")``."""

    @wraps(view)
    def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    opened.policy_gate_exempt = True  # type: ignore[attr-defined]
    return opened
