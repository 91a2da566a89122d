"""Pages of this room."""

from django.urls import path

from privacy.messages import views

urlpatterns = [
    path("privacy/unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("account/privacy/messages/", views.preferences, name="message_preferences"),
    path("account/privacy/messages/stop/", views.stop_everything, name="message_stop"),
]
