"""Pages of the account room, below ``/account/privacy/``."""

from django.urls import path

from privacy.account import views

urlpatterns = [
    path("", views.page, name="account"),
    path("close/", views.close, name="account_close"),
]
