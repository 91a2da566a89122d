"""Closures, legal holds and outside places for programs, to read: what destroys or releases takes a screen."""

from django.urls import path

from privacy.disposal.api import closures, holds, stores

urlpatterns = [
    path("closures/", closures.Closures.as_view(), name="closures"),
    path("closures/<uuid:id>/", closures.OneClosure.as_view(), name="closure"),
    path("holds/", holds.Holds.as_view(), name="holds"),
    path("holds/<uuid:id>/", holds.OneHold.as_view(), name="hold"),
    path("stores/", stores.Stores.as_view(), name="stores"),
]
