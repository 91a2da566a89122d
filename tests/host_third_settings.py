"""The suite's settings with every third-party app that the bundled declarations know and this machine has."""

from importlib.util import find_spec

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

KNOWN = {
    "rest_framework": ["rest_framework.authtoken"],
    "allauth": ["allauth", "allauth.account", "allauth.socialaccount", "allauth.mfa", "allauth.usersessions"],
    "axes": ["axes"],
    "auditlog": ["auditlog"],
    "reversion": ["reversion"],
    "django_otp": [
        "django_otp",
        *(f"django_otp.plugins.otp_{name}" for name in ("totp", "hotp", "static", "email")),
    ],
    "oauth2_provider": ["oauth2_provider"],
}
THIRD_PARTY = [name for package, names in KNOWN.items() if find_spec(package) for name in names]
INSTALLED_APPS = [*INSTALLED_APPS, *THIRD_PARTY]
if "allauth" in THIRD_PARTY:
    MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
