"""Leaving by a link, and the member's choices about messages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from privacy.core.actors import Actor
from privacy.messages import services
from privacy.messages.classes import Level, Topic
from privacy.messages.forms import LeaveForm, PreferencesForm
from privacy.messages.rules import MessageRules, message_rules
from privacy.messages.tokens import UnknownToken
from privacy.messages.unsubscribing import about


# The link itself is the authority: mail programs post without any cookie (RFC 8058), and a page from a forwarded mail
# must work in any browser.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks and changes nothing, since link scanners follow every link; POST stops the messages."""
    try:
        topic = about(token)
    except UnknownToken:
        return render(request, "privacy/messages/unknown_link.html", status=404)
    rules = message_rules()
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    form = LeaveForm(
        request.POST if request.method == "POST" and not one_click else None,
        offered=_offered(topic, rules),
        initial={"level": _first(topic, rules)},
    )
    if request.method != "POST" or not (one_click or form.is_valid()):
        status = 400 if form.is_bound else 200
        return render(request, "privacy/messages/unsubscribe.html", {"form": form, "topic": topic}, status=status)
    report = services.leave(
        token=token,
        level="" if one_click else form.cleaned_data["level"],
        one_click=one_click,
        now=timezone.now(),
        actor=Actor.system("unsubscribe"),
    )
    return render(request, "privacy/messages/unsubscribed.html", {"report": report, "topic": topic})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """What a member gets, how often, and by which channel."""
    rules = message_rules()
    standings = services.standings(request.user, rules=rules, now=timezone.now())
    form = PreferencesForm(request.POST or None, standings=standings)
    if request.method == "POST" and form.is_valid():
        services.choose(user=request.user, choices=form.choices(), now=timezone.now(), actor=Actor.member(request.user))
        messages.success(request, _("Your choices are saved and in force from now on."))
        return redirect("privacy:message_preferences")
    context = {"form": form, "rules": rules, "stops_all": rules.opt_out == Level.ALL}
    return render(request, "privacy/messages/preferences.html", context)


@never_cache
@require_POST
@login_required
def stop_everything(request: HttpRequest) -> HttpResponse:
    """One press stops all promotion, or all correspondence where the policy promises that."""
    services.stop_all(user=request.user, now=timezone.now(), actor=Actor.member(request.user))
    messages.success(request, _("It is stopped from now on."))
    return redirect("privacy:message_preferences")


def _offered(topic: Topic | None, rules: MessageRules) -> list[tuple[str, Any]]:
    offered: list[tuple[str, Any]] = []
    if topic is not None and topic.promotional:
        offered.append((Level.TOPIC, _("Only this kind of mail: %(topic)s") % {"topic": topic.title}))
    offered.append((Level.MARKETING, _("All offers and newsletters")))
    if rules.link_on == "every" or rules.opt_out == Level.ALL:
        words = _("All correspondence, except what we must send you by law and answers to your own requests")
        offered.append((Level.ALL, words))
    return offered


def _first(topic: Topic | None, rules: MessageRules) -> str:
    """What is ticked: the level that the policy promises for one press."""
    levels = [level for level, _words in _offered(topic, rules)]
    return rules.opt_out if rules.opt_out in levels else levels[0]
