"""The public pages of what was published. Everybody reads them, signed in or not (HMY-9-1)."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from privacy.core.pdf import PdfUnavailable, pdf_installed, pdf_of
from privacy.policies import queries, services
from privacy.policies.about import about
from privacy.policies.forms import CompareForm
from privacy.policies.models import PolicyVersion
from privacy.promises.queries import facts

PRIVACY = "privacy"
_PDF_STYLE = "privacy/policies/pdf.css"


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The privacy policy in force, in the reader's language where it was published in that."""
    return _current(request, PRIVACY)


@require_safe
def document(request: HttpRequest, document: str) -> HttpResponseBase:
    """Another document in force."""
    if document == PRIVACY:
        return redirect("privacy:policy")
    return _current(request, document)


@require_safe
def versions(request: HttpRequest, document: str) -> HttpResponse:
    """Every version that was ever published, in every language."""
    found = queries.versions(document, timezone.now())
    if not found:
        raise Http404
    languages = list(dict.fromkeys(row.language for row in found))
    shelf = queries.shelf(document, timezone.now())
    groups = [(language, [row for row in found if row.language == language]) for language in languages]
    context = {
        "document": found[0].document,
        "groups": groups,
        "in_force": {row.pk for row in shelf.in_force.values()},
        "announced": {row.pk for row in shelf.announced.values()},
        "with_pdf": pdf_installed(),
    }
    return render(request, "privacy/policies/versions.html", context)


@require_safe
def version(request: HttpRequest, document: str, language: str, number: int) -> HttpResponse:
    """One version, in force or not."""
    return _page(request, _found(document, language, number))


@require_safe
def compare(request: HttpRequest, document: str, language: str) -> HttpResponse:
    """What changed from one version to another, word for word."""
    rows = [row for row in queries.versions(document, timezone.now()) if row.language == language]
    if not rows:
        raise Http404
    form = CompareForm(request.GET)
    if not form.is_valid():
        raise Http404
    last = form.cleaned_data["after"] or rows[0].number
    first = form.cleaned_data["before"] or max((row.number for row in rows if row.number < last), default=last)
    before, after = (_found(document, language, number) for number in sorted((first, last)))
    context = {
        "document": after.document,
        "language": language,
        "versions": rows,
        "before": before,
        "after": after,
        "comparison": queries.comparison(before, after),
    }
    return render(request, "privacy/policies/compare.html", context)


@require_safe
def pdf(request: HttpRequest, document: str, language: str, number: int) -> HttpResponse:
    """One version to print and to keep."""
    row = _found(document, language, number)
    with override(row.language):
        site = facts()
        context = {"version": row, "page": queries.page_of(row), "site": site, "about": about(site)}
        html = render_to_string("privacy/policies/pdf.html", context)
    try:
        body = pdf_of(html, style=_PDF_STYLE)
    except PdfUnavailable:
        return HttpResponse(_("No PDF can be made here at the moment."), status=503, content_type="text/plain")
    return _file(body, "application/pdf", f"{document}-{language}-{number}.pdf")


@require_safe
def source(request: HttpRequest, document: str, language: str, number: int) -> HttpResponse:
    """The very bytes that the digest is over."""
    row = _found(document, language, number)
    return _file(row.text.encode(), "text/plain; charset=utf-8", f"{document}-{language}-{number}.txt")


@require_POST
@login_required
def seen(request: HttpRequest) -> HttpResponse:
    """A member puts the banner away, and goes on where they were."""
    services.put_away(user_key=str(request.user.pk), versions=request.POST.getlist("version"), now=timezone.now())
    there = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return redirect(there if here else "privacy:policy")


def _current(request: HttpRequest, document: str) -> HttpResponse:
    row = queries.current(document, _wanted(request), timezone.now())
    if row is None:
        if document != PRIVACY:
            raise Http404
        return render(request, "privacy/policies/none.html", {"about": about(facts())}, status=404)
    return _page(request, row, is_current=True)


def _wanted(request: HttpRequest) -> Sequence[str]:
    """What was chosen on the page comes before what the browser asks for."""
    return [one for one in (request.GET.get("language", ""), get_language() or "") if one]


def _page(request: HttpRequest, row: PolicyVersion, *, is_current: bool = False) -> HttpResponse:
    now, site = timezone.now(), facts()
    shelf = queries.shelf(row.document_id, now)
    told = shelf.announced.get(row.language)
    everybody_from = queries.binds_everybody_from(row)
    context = {
        "version": row,
        "page": queries.page_of(row),
        "site": site,
        "about": about(site),
        "in_force": shelf.in_force.get(row.language),
        "announced": told,
        "announced_from": told and queries.binds_everybody_from(told),
        "everybody_from": everybody_from,
        "is_coming": everybody_from > now and not row.is_withdrawn,
        "changes": shelf.notes.get(row.language, ()) if is_current else (),
        "others": [other for language, other in sorted(shelf.in_force.items()) if language != row.language],
        "documents": [one for one in queries.documents(now) if one.pk != row.document_id],
        "is_current": is_current,
        "with_pdf": pdf_installed(),
    }
    return render(request, "privacy/policies/version.html", context)


def _found(document: str, language: str, number: int) -> PolicyVersion:
    row = queries.version(document, language, number)
    if row is None:
        raise Http404
    return row


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
