"""Words for what became of a message, as staff read them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_WORDS: Mapping[str, str | Promise] = {
    "opted_out": _("the person had opted out"),
    "not_allowed": _("the person never agreed, or objected"),
    "not_wanted": _("the member does not want this topic"),
    "too_often": _("sooner than the member wants it"),
    "account_gone": _("the account is closed or gone"),
    "of_a_client": _("only a client gave us the address"),
    "unfit_address": _("nothing can be sent to the address"),
    "no_address": _("the account has no address any more"),
    "unfit_mail": _("a part of it cannot be sent as it was written"),
    "unfit_form": _("it could not be put together, and is tried again"),
    "twice": _("the same address had it already"),
    "topic_gone": _("the profile has this topic no more"),
    "stopped": _("the mailing was stopped"),
    "lost_before_data": _("the connection was lost before the text"),
    "lost_after_data": _("the connection was lost after the text"),
    "server_leaves": _("the server broke off"),
    "refused_before_data": _("the server refused the recipient"),
    "refused_after_data": _("the server refused the text"),
    "provider_refused": _("the provider refused it"),
    "backend_refused": _("the mail backend did not take it"),
    "backend_failed": _("the mail backend failed"),
    "sender_died": _("the sending process ended while it was on its way"),
    "sender_failed": _("the sending process failed while it was on its way"),
    "restored": _("told by the journal after a restore"),
    "decided_arrived": _("a person decided that it arrived"),
    "decided_again": _("a person decided to send it again"),
    "decided_drop": _("a person decided not to send it"),
    "UntruthfulSender": _("its sender is not of the site"),
    "NoWayOut": _("no link could be made by which its reader can stop it"),
    "NoPostalAddress": _("the profile has no postal address"),
}


def reason_words(reason: str) -> str:
    """What staff read; the word itself where there are no others."""
    return str(_WORDS.get(reason, reason))


def left_out_words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """By reason how many were left out, the most first."""
    return [(reason_words(word), count) for word, count in sorted(counts.items(), key=lambda one: -one[1]) if count]
