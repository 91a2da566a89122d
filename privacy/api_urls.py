"""Front door: the API, included at ``/api/privacy/``. A missing line would drop that room's endpoints."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from privacy.core.api.doors import Nothing, Root, Schema
from privacy.promises import api as _promises

app_name = "privacy_api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", Root.as_view(patterns=lambda: urlpatterns), name="root"),
    path("schema/", Schema.as_view(patterns=lambda: urlpatterns), name="schema"),
    path("promises/", include(_promises)),
    re_path(r"^[\s\S]*/\Z", Nothing.as_view()),  # the last line
]
