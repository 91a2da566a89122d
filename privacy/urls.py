"""Front door: pages, included at the site's root."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "privacy"
urlpatterns: list[URLPattern | URLResolver] = [
    path("account/privacy/consents/", include("privacy.consent.urls")),
    path("account/privacy/policies/", include("privacy.policies.acceptance.urls")),
    path("account/privacy/", include("privacy.account.urls")),
    path("privacy/", include("privacy.retention.urls")),
    path("", include("privacy.messages.urls")),
    path("privacy/", include("privacy.policies.urls")),
]
