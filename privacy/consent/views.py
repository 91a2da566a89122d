"""A member's consents: what they were asked, what they said, how they take it back, and the receipts."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from privacy.consent import receipts, services
from privacy.consent.forms import AnswerForm, ObjectionForm, RestrictionForm, member_grounds
from privacy.consent.models import Choice
from privacy.consent.people import Network, Person
from privacy.consent.queries import UnknownPurpose, flag_of, own_record, page_for
from privacy.core.actors import Actor
from privacy.core.errors import PrivacyError
from privacy.core.pdf import PdfUnavailable, pdf_installed, pdf_of
from privacy.core.people import joined_at

_SURFACE = "account"


@require_safe
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Every question with its exact words, the member's answer, and everything they ever said."""
    return _page(request)


@require_POST
@never_cache
@login_required
def answer(request: HttpRequest, code: str) -> HttpResponseBase:
    """Yes or no to the words that were shown."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, refused=_("Please answer again: the words of the question have changed."), status=409)
    wording = form.cleaned_data["wording"]
    try:
        services.decide(
            choice=Choice(form.cleaned_data["choice"]),
            wording=wording,
            language=wording.language,
            **_what(request, code),
        )
    except UnknownPurpose:
        raise Http404 from None
    except services.WordingReplaced:
        return _page(request, refused=_("Please answer again: the words of the question have changed."), status=409)
    except PrivacyError:
        return _page(request, refused=_("Nobody is asked about this any more."), status=409)
    return _back(request, _("Your answer was saved."))


@require_POST
@never_cache
@login_required
def take_back(request: HttpRequest, code: str) -> HttpResponseBase:
    """One press, as it took to agree."""
    try:
        services.withdraw(**_what(request, code))
    except UnknownPurpose:
        raise Http404 from None
    except services.NothingToWithdraw:
        pass  # two presses, or two windows: it is taken back, and that is what was wanted
    return _back(request, _("You took it back. From now on your data is not used for it."))


@require_POST
@never_cache
@login_required
def object_(request: HttpRequest) -> HttpResponseBase:
    """Object to one use, or to every use."""
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        raise Http404
    with suppress(services.AlreadyRaised):  # it stands, and that is what was wanted
        services.object_to(**_what(request, form.code, network=False))
    return _back(request, _("Your objection stands from now on. We tell you here what we decide."))


@require_POST
@never_cache
@login_required
def restrict_(request: HttpRequest) -> HttpResponseBase:
    """Have one's data stored and otherwise left alone."""
    form = RestrictionForm(request.POST)
    if not form.is_valid():
        return _page(request, refused=_("Please choose why your data shall be left alone."), status=400)
    with suppress(services.AlreadyRaised):  # it stands, and that is what was wanted
        services.restrict(ground=form.cleaned_data["ground"], **_what(request, form.code, network=False))
    return _back(request, _("From now on your data is stored, and otherwise left alone."))


@require_POST
@never_cache
@login_required
def lift_(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """End what one raised oneself."""
    flag = flag_of(Person.of_user(request.user), key)
    if flag is None:
        raise Http404
    with suppress(services.NotOpen):  # it stops nothing any more
        asked = _("You asked for it yourself.")
        services.lift(flag=flag, reason=asked, now=timezone.now(), actor=Actor.member(request.user))
    return _back(request, _("It was lifted."))


@require_safe
@never_cache
@login_required
def receipt_json(request: HttpRequest, reference: UUID, form: str) -> HttpResponse:
    """A receipt for programs: ``kantara`` or ``iso27560``."""
    made = _receipt(request, reference)
    try:
        said = {receipts.KANTARA: receipts.kantara, receipts.ISO: receipts.iso27560}[form](made)
    except (KeyError, receipts.NoReceipt):
        raise Http404 from None
    response = JsonResponse(said, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = f'attachment; filename="consent-{made.reference}-{form}.json"'
    return response


@require_safe
@never_cache
@login_required
def receipt_pdf(request: HttpRequest, reference: UUID) -> HttpResponse:
    """A receipt to print and to keep, in the language in which the member was asked."""
    made = _receipt(request, reference)
    with override(made.language or get_language()):
        html = render_to_string("privacy/consent/receipt.html", {"receipt": made})
    try:
        body = pdf_of(html)
    except PdfUnavailable:
        return HttpResponse(_("No PDF can be made here at the moment."), status=503, content_type="text/plain")
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="consent-{made.reference}.pdf"'
    return response


def _what(request: HttpRequest, purpose: str, *, network: bool = True) -> dict[str, Any]:
    """Who, about what, where, when: the arguments that every service of this page takes."""
    said = {
        "person": Person.of_user(request.user),
        "purpose": purpose,
        "surface": _SURFACE,
        "now": timezone.now(),
        "actor": Actor.member(request.user),
    }
    return {**said, "network": Network.of_address(request.META.get("REMOTE_ADDR", ""))} if network else said


def _receipt(request: HttpRequest, reference: UUID) -> receipts.Receipt:
    context = own_record(Person.of_user(request.user), reference)
    if context is None:
        raise Http404
    return receipts.receipt_of(context)


def _back(request: HttpRequest, words: str) -> HttpResponseBase:
    messages.success(request, words)
    return redirect("privacy:consents")


def _page(request: HttpRequest, *, refused: str = "", status: int = 200) -> HttpResponse:
    person = Person.of_user(request.user)
    shown = page_for(person, language=get_language() or "en", joined_at=joined_at(request.user), now=timezone.now())
    context = {"page": shown, "refused": refused, "grounds": member_grounds(), "with_pdf": pdf_installed()}
    return render(request, "privacy/consent/page.html", context, status=status)
