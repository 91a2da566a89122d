"""Front door: the API, included at ``/api/privacy/``. A missing line would drop that room's endpoints."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from privacy.account import api as _account
from privacy.backups import api as _backups
from privacy.consent import api as _consent
from privacy.core.api.doors import Nothing, Root, Schema
from privacy.disposal import api as _disposal
from privacy.evidence import api as _evidence
from privacy.messages import api as _messages
from privacy.policies import api as _policies
from privacy.policies.acceptance import api as _acceptances
from privacy.promises import api as _promises
from privacy.retention import api as _retention

app_name = "privacy_api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", Root.as_view(patterns=lambda: urlpatterns), name="root"),
    path("schema/", Schema.as_view(patterns=lambda: urlpatterns), name="schema"),
    path("acceptances/", include(_acceptances)),
    path("account/", include(_account)),
    path("backups/", include(_backups)),
    path("consents/", include(_consent)),
    path("evidence/", include(_evidence)),
    path("messages/", include(_messages)),
    path("policies/", include(_policies)),
    path("promises/", include(_promises)),
    path("", include(_disposal)),
    path("", include(_retention)),
    re_path(r"^[\s\S]*/\Z", Nothing.as_view()),  # the last line
]
