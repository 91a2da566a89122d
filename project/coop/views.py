"""The co-op's pages: a home for everybody, a dashboard for the member who is signed in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from project.coop import search
from project.coop.cards import member_card
from project.coop.forms import EnquiryForm
from project.coop.models import Campaign, Member, Message
from project.coop.services import enquire


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "coop/home.html")


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    member = Member.objects.filter(user=request.user.pk).first()
    if member is None:
        return render(request, "coop/no_member.html")
    return render(
        request,
        "coop/dashboard.html",
        {
            "member": member,
            "card": member_card(request.user),
            "campaigns": Campaign.objects.filter(site__member=member)
            .select_related("site")
            .order_by("-started_at")[:5],
            "inbox": Message.objects.filter(recipient=request.user.pk).order_by("-sent_at")[:5],
            "tickets": member.tickets.order_by("-opened_at")[:5],
        },
    )


@login_required
def search_page(request: HttpRequest) -> HttpResponse:
    """Members find each other. The index answers; who is suspended or closed is not shown, though it may hold them."""
    query = request.GET.get("q", "")[:200].strip()
    hits = search.find(query)
    shown = set(
        Member.objects.filter(status=Member.Status.ACTIVE, user__in=[key for key, _ in hits]).values_list(
            "user_id", flat=True
        )
    )
    found = [page for key, page in hits if int(key) in shown]
    return render(request, "coop/search.html", {"query": query, "found": found})


@login_required
def picture(request: HttpRequest) -> FileResponse:
    """The member's own picture. Uploads are never served by their address, which anybody could pass on."""
    member = Member.objects.filter(user=request.user.pk).exclude(avatar="").first()
    if member is None or not member.avatar.storage.exists(member.avatar.name or ""):
        raise Http404
    return FileResponse(member.avatar.open(), content_type="image/png")


def contact(request: HttpRequest) -> HttpResponse:
    """The contact form; whoever writes needs no account."""
    form = EnquiryForm(request.POST or None)
    if form.is_valid():
        enquire(form=form, language=get_language() or "", now=timezone.now())
        messages.success(request, _("Thank you. We answer by mail."))
        return redirect("coop:home")
    return render(request, "coop/contact.html", {"form": form})
