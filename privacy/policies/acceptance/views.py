"""The question whether a member accepts what binds them now, and everything that they ever accepted."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from privacy.consent.people import Network, Person
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.people import joined_at
from privacy.policies.acceptance import queries, services
from privacy.policies.acceptance.forms import AnswerForm
from privacy.policies.gate.answering import UNSAVED, safe

_SIGN_OUT = ("logout", "account_logout")
_LISTED = 50


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponseBase:
    """What is asked, with everything that one can do about it: read, compare, agree, leave."""
    if request.method == "POST":
        return _answered(request)
    return _page(request)


def _answered(request: HttpRequest) -> HttpResponseBase:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, refused=True, status=400)
    try:
        services.accept(
            person=Person.of_user(request.user),
            versions=form.cleaned_data["versions"],
            surface="page",
            language=get_language() or "",
            network=Network.of_address(request.META.get("REMOTE_ADDR", "")),
            now=timezone.now(),
            actor=Actor.member(request.user),
        )
    except PrivacyError:
        return _page(request, refused=True, status=409)
    return HttpResponseRedirect(safe(request, request.POST.get("next", "")) or _onwards())


def _onwards() -> str:
    """Where the site sends people who signed in; the member's own page where it names no such place."""
    wanted = resolve_url(settings.LOGIN_REDIRECT_URL)
    return wanted if wanted != "/accounts/profile/" else reverse("privacy:policy_acceptance")


def _page(request: HttpRequest, *, refused: bool = False, status: int = 200) -> HttpResponse:
    person = Person.of_user(request.user)
    question = queries.asked_of(person, joined_at=joined_at(request.user), now=timezone.now())
    said = request.POST if request.method == "POST" else request.GET
    context = {
        "question": question,
        "versions": ",".join(one.version.pk for one in question.documents),
        "history": list(queries.own(person)[:_LISTED]),
        "refused": _("The documents have changed meanwhile. Please look at them again.") if refused else "",
        "unsaved": UNSAVED in request.GET,
        "next": safe(request, said.get("next", "")),
        "sign_out": _sign_out(),
    }
    return render(request, "privacy/policies/acceptance.html", context, status=status)


def _sign_out() -> str:
    for name in _SIGN_OUT:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return ""
