"""Public pages below ``/privacy/``: what is in force, what was before, what changed. No page here asks for a login."""

from django.urls import path

from privacy.policies import views

urlpatterns = [
    path("", views.policy, name="policy"),
    path("documents/seen/", views.seen, name="policy_seen"),
    path("documents/<slug:document>/", views.document, name="policy_document"),
    path("documents/<slug:document>/versions/", views.versions, name="policy_versions"),
    path("documents/<slug:document>/<slug:language>/compare/", views.compare, name="policy_compare"),
    path("documents/<slug:document>/<slug:language>/<int:number>/", views.version, name="policy_version"),
    path("documents/<slug:document>/<slug:language>/<int:number>.pdf", views.pdf, name="policy_pdf"),
    path("documents/<slug:document>/<slug:language>/<int:number>.txt", views.source, name="policy_source"),
]
