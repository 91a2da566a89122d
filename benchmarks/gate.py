"""A page behind the gate, beside the same page without one and behind django-termsandconditions, in one run.

``python -m benchmarks.gate ROUNDS REQUESTS`` is the measured process. A member who has accepted everything asks for a
page that knows who they are; each way answers so many requests a round, in turns, and medians of rounds are compared.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.measuring import Result, timed
from benchmarks.sizes import Size

GATE = "privacy.policies.middleware.PolicyGate"
TERMS = "termsandconditions.middleware.TermsAndConditionsRedirectMiddleware"
#: What each way may ask of the database besides what the page without a gate asks.
_LIMITS = {"gate": 1.0, "gate with a shared cache": 0.0, "gate, an open page": 0.0, "gate, nobody signed in": 0.0}
_NOBODY = "nobody signed in"
_ROUNDS, _REQUESTS = 7, {5: 400, 1: 20}
_PROFILE = """
[site]
code = "BEN"
name = "Benchmark"
languages = ["en"]

[site.contacts]
email = "privacy@example.org"

[closure]
after = "P0D"
route = ["self"]

[policies.acceptance]
documents = ["privacy"]
ask_again = "material"

[[promise]]
id = "BEN-1-1"
clause = "1"
kind = "fact"
says = "Each acceptance is written down."
check = "policies.unaltered"
"""


def measure(size: Size) -> list[Result]:
    words = [sys.executable, "-m", "benchmarks.gate", str(_ROUNDS), str(_REQUESTS.get(size.rounds, 400))]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.gate_settings"}
    ended = subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, dict[str, Any]] = json.loads(ended.stdout)
    none = found["no gate"]
    results = []
    for name, told in found.items():
        if name == "no gate" or name.endswith(_NOBODY):
            continue  # whoever is not signed in gets another page
        figure = statistics.median(told["seconds"]) / statistics.median(none["seconds"])
        raw = {"queries": told["queries"], "seconds": told["seconds"], "seconds_without": none["seconds"]}
        results.append(Result(f"a warm page, {name}", round(figure, 3), "times no gate", None, raw))
    for name, limit in _LIMITS.items():
        before = 0 if name.endswith(_NOBODY) else none["queries"]
        added = found[name]["queries"] - before
        results.append(Result(f"queries added, {name}", added, "", limit, {"queries": found[name]["queries"]}))
    return results


def _measured(rounds: int, requests: int) -> dict[str, dict[str, Any]]:
    from django.conf import settings

    ways: dict[str, Callable[[], Any]] = {
        "no gate": _way([]),
        "gate": _way([GATE]),
        "gate with a shared cache": _way([GATE], GATE_CACHE="default"),
        "gate, an open page": _way([GATE], path="/opened/"),
        "gate, nobody signed in": _way([GATE], user=""),
    }
    if settings.WITH_TERMS:
        ways["django-termsandconditions"] = _way([TERMS])
    found = {name: {"queries": _queries(ask), "seconds": []} for name, ask in ways.items()}
    for number in range(rounds):
        turn = list(ways.items())
        for name, ask in turn[number % len(turn) :] + turn[: number % len(turn)]:
            found[name]["seconds"].append(round(timed(lambda ask=ask: [ask() for _ in range(requests)]), 4))
    return found


def _way(gates: list[str], *, path: str = "/page/", user: str = "member", **more: Any) -> Callable[[], Any]:
    """One way to answer: a client keeps the middleware that stood when it asked first."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client, override_settings

    client = Client()
    if user:
        client.force_login(get_user_model().objects.get(username=user))
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, *gates]):
        client.get(path)
    rules = {**settings.PRIVACY, **more}

    def ask() -> None:
        settings.PRIVACY = rules
        answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"answered {answer.status_code}")

    ask()
    return ask


def _queries(ask: Callable[[], Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        ask()
    return len(seen)


def _fill() -> None:
    """A version that a member has accepted, the app's way and the other's."""
    from pathlib import Path

    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.utils import timezone

    from privacy.consent.people import Person
    from privacy.core.actors import Actor
    from privacy.policies.acceptance.services import accept
    from privacy.policies.queries import draft_view
    from privacy.policies.services import publish, write_draft
    from privacy.promises.services import load_profile

    call_command("migrate", verbosity=0)
    now, actor = timezone.now(), Actor.command("benchmark")
    profile = Path(settings.FOLDER) / "gate.toml"
    profile.write_text(_PROFILE)
    load_profile(path=profile, now=now, actor=actor)
    words = {"title": "Privacy policy", "form": "markdown", "revised_on": None, "note": ""}
    text = "# Privacy policy\n\nWrite to privacy@example.org.\n"
    draft = write_draft(document="privacy", language="en", text=text, **words, now=now, actor=actor)
    version = publish(draft=draft, digest=draft_view(draft).digest, now=now, actor=actor)
    user = get_user_model().objects.create_user("member")
    accept(person=Person.of_user(user), versions=[version.pk], surface="page", now=timezone.now(), actor=actor)
    if settings.WITH_TERMS:
        from termsandconditions.models import TermsAndConditions, UserTermsAndConditions

        terms = TermsAndConditions.objects.create(slug="site-terms", name="Terms", text=text, date_active=now)
        UserTermsAndConditions.objects.create(user=user, terms=terms)


if __name__ == "__main__":
    import django

    django.setup()
    _fill()
    sys.stdout.write(json.dumps(_measured(int(sys.argv[1]), int(sys.argv[2]))))
