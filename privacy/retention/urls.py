"""Pages of the retention room, below ``/privacy/``."""

from django.urls import path

from privacy.retention import views

urlpatterns = [
    path("health/", views.show_health, name="health"),
]
