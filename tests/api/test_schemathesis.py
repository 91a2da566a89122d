"""Requests that schemathesis makes up from the schema, good ones and bad ones, in the site's own process.

The seed is hypothesis's own: ``--hypothesis-seed``, which ``make test`` prints.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from django.contrib.auth import get_user_model
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

from privacy import api_urls
from privacy.core.api.schema import schema_of
from tests.api.planting import plant, sample
from tests.people import client_of

#: Requests an operation, by who asks: behind the sign-in and the permission there is more to find.
EXAMPLES = {"nobody": 5, "clerk": 5, "member": 12, "chief": 15}
TOKEN = "t" * 32


def operations() -> list[str]:
    made = schema_of(api_urls.urlpatterns)
    return [f"{method.upper()} {path}" for path, methods in made["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def described() -> Any:
    schema = schemathesis.openapi.from_dict(copy.deepcopy(dict(schema_of(api_urls.urlpatterns))))
    schema.app = get_wsgi_application()
    return schema


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Django's own test client does the same: the end of a request must not close the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@dataclass(frozen=True)
class Asking:
    """Somebody who asks, with the cookies of their session."""

    who: str
    account: str
    cookies: dict[str, str]

    def validated(self, case: Any) -> int:
        """The status of the answer, once schemathesis found nothing wrong with it."""
        # That nobody gets in without signing in is asked below: this check takes our cookie for its own invention.
        checks = {"excluded_checks": [ignored_auth]}
        cookies = {**self.cookies, "csrftoken": TOKEN}
        answer = case.call_and_validate(cookies=cookies, headers={"X-CSRFToken": TOKEN}, **checks)
        return int(answer.status_code)


@pytest.fixture(params=EXAMPLES)
def asking(request: pytest.FixtureRequest, person: Callable[..., Any]) -> Asking:
    """Who asks: nobody, a member, staff without a permission, staff with all of them."""
    if request.param == "nobody":
        return Asking("nobody", "", {})
    user = person("ada", staff=request.param != "member")
    if request.param == "chief":
        get_user_model().objects.filter(pk=user.pk).update(is_superuser=True)
    cookies = {name: morsel.value for name, morsel in client_of(user).cookies.items()}
    return Asking(request.param, str(user.pk), cookies)


@pytest.mark.parametrize("operation", operations())
def test_schemathesis_finds_no_server_error_and_no_schema_violation(
    described: Any, asking: Asking, operation: str, now: datetime
) -> None:
    plant(now, rows=2, of=asking.account)
    method, path = operation.split(" ")
    target = described[path][method]
    there = sample(target.definition.raw["operationId"])
    if method == "GET":
        plain = asking.validated(target.Case(path_parameters=there))
        assert plain == 200 or asking.who != "chief"
    made = [target.as_strategy(mode) for mode in GenerationMode if _can(target, mode)]
    if there:  # what is made up hits no row
        made.append(target.as_strategy(path_parameters=there))
    answered: set[int] = set()

    @settings(max_examples=EXAMPLES[asking.who], deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of(made))
    def ask(case: Any) -> None:
        answered.add(asking.validated(case))

    ask()
    assert answered
    if asking.who == "nobody" and not path.endswith("/schema/"):
        assert answered <= {401, 403, 404}


def _can(target: Any, mode: GenerationMode) -> bool:
    """Without a parameter and without a body there is nothing to spoil."""
    return mode is GenerationMode.POSITIVE or bool(target.query or target.path_parameters or target.body)
