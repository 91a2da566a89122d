"""A worker of the site: for each line on its input it answers a request, presses a button, or publishes a version."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = os.environ["WORKER_SESSION"]
    for line in sys.stdin:
        said: dict[str, Any] = {}
        if line.strip() == "publish":
            publish()
        elif line.startswith("accept "):
            said["status"] = client.post("/account/privacy/policies/", {"versions": line.split()[1]}).status_code
        else:
            with CaptureQueriesContext(connection) as seen:
                said["status"] = client.get("/page/").status_code
            said["queries"] = len([each for each in seen if "gatepass" in each["sql"]])
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def publish() -> None:
    from django.utils import timezone

    from privacy.core.actors import Actor
    from privacy.policies.models import PolicyDraft
    from privacy.policies.queries import draft_view
    from privacy.policies.services import publish as publish_draft

    draft = PolicyDraft.objects.get(document_id="privacy", language="en")
    publish_draft(draft=draft, digest=draft_view(draft).digest, now=timezone.now(), actor=Actor.system("tests"))


if __name__ == "__main__":
    main()
