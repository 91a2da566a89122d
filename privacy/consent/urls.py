"""Pages of the consent room, below ``/account/privacy/consents/``."""

from django.urls import path

from privacy.consent import views

urlpatterns = [
    path("", views.page, name="consents"),
    path("object/", views.object_, name="consent_object"),
    path("restrict/", views.restrict_, name="consent_restrict"),
    path("lift/<uuid:key>/", views.lift_, name="consent_lift"),
    path("receipts/<uuid:reference>.pdf", views.receipt_pdf, name="consent_receipt_pdf"),
    path("receipts/<uuid:reference>.<slug:form>.json", views.receipt_json, name="consent_receipt"),
    path("<slug:code>/answer/", views.answer, name="consent_answer"),
    path("<slug:code>/withdraw/", views.take_back, name="consent_withdraw"),
]
