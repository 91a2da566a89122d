"""The suite's site with the gate, for a worker in a process of its own."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, MIDDLEWARE, PRIVACY

ROOT_URLCONF = "tests.policies.acceptance.gate_urls"
MIDDLEWARE = [*MIDDLEWARE, "privacy.policies.middleware.PolicyGate"]
DATABASES["default"] |= json.loads(os.environ["WORKER_DATABASE"])
if os.environ.get("WORKER_CACHE"):
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    CACHES["shared"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["WORKER_CACHE"],
    }
    PRIVACY = {**PRIVACY, "GATE_CACHE": "shared"}
