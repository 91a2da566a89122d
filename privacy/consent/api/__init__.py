"""Consents for programs: a member's own, and what staff may see of everybody's."""

from django.urls import path

from privacy.consent.api import ledger, own

urlpatterns = [
    path("", own.Questions.as_view(), name="consents"),
    path("decisions/", own.Decisions.as_view(), name="consent_decisions"),
    path("decisions/<uuid:id>/receipt/", own.OwnReceipt.as_view(), name="consent_receipt"),
    path("stops/", own.Stops.as_view(), name="consent_stops"),
    path("stops/<uuid:id>/lift/", own.Lift.as_view(), name="consent_lift"),
    path("objections/", own.Objections.as_view(), name="consent_objections"),
    path("restrictions/", own.Restrictions.as_view(), name="consent_restrictions"),
    path("ledger/", ledger.Records.as_view(), name="consent_ledger"),
    path("ledger/flags/", ledger.Flags.as_view(), name="consent_flags"),
    path("ledger/flags/<uuid:id>/decide/", ledger.Decide.as_view(), name="consent_decide"),
    path("ledger/purposes/", ledger.Purposes.as_view(), name="consent_purposes"),
    path("<slug:code>/answer/", own.Answer.as_view(), name="consent_answer"),
    path("<slug:code>/withdraw/", own.Withdraw.as_view(), name="consent_withdraw"),
]
