"""The privacy page of a signed-in member, and the door out."""

from __future__ import annotations

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from privacy.account.forms import ConfirmClosure
from privacy.account.queries import blocks_for
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.periods import NO_END
from privacy.disposal.mandate import Mandate
from privacy.disposal.services import close_account

#: After so many wrong passwords the session ends: whoever holds it may not be the member.
WRONG_PASSWORDS = 5
_WRONG = "privacy_wrong_passwords"


@require_safe
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """What the site holds about the member, and how to leave."""
    return _page(request, ConfirmClosure(request=request, now=timezone.now()))


# The closing has its own transactions: one around the whole request would undo the cut-off when the page fails.
@transaction.non_atomic_requests
@require_POST
@never_cache
@sensitive_post_parameters("password")
@login_required
def close(request: HttpRequest) -> HttpResponse:
    """Close the account. The answer is the farewell itself: nothing about the person in a URL, no session left."""
    now = timezone.now()
    form = ConfirmClosure(request.POST, request=request, now=now)
    if not form.is_valid():
        return _wrong(request, form)
    try:
        report = close_account(
            user=request.user,
            mandate=Mandate("member", "page", form.verified_by),
            now=now,
            actor=Actor.member(request.user),
        )
    except PrivacyError:
        return _page(request, form, refused=True, status=409)
    request.session.flush()
    request.user = AnonymousUser()
    context = {"report": report, "endless_backups": report.backups_until == NO_END}
    return render(request, "privacy/account/farewell.html", context)


def _wrong(request: HttpRequest, form: ConfirmClosure) -> HttpResponse:
    if form.has_error("password", "wrong_password"):
        request.session[_WRONG] = request.session.get(_WRONG, 0) + 1
        if request.session[_WRONG] >= WRONG_PASSWORDS:
            logout(request)
            return redirect_to_login(reverse("privacy:account"))
    return _page(request, form)


def _page(request: HttpRequest, form: ConfirmClosure, *, refused: bool = False, status: int = 200) -> HttpResponse:
    context = {"blocks": blocks_for(request.user, timezone.now()), "form": form, "refused": refused}
    return render(request, "privacy/account/page.html", context, status=status)
