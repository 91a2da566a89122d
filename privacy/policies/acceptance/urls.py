"""Pages below ``/account/privacy/policies/``."""

from django.urls import path

from privacy.policies.acceptance import views

urlpatterns = [path("", views.page, name="policy_acceptance")]
