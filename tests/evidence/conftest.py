"""These tests begin without evidence: migrate itself writes some."""

from __future__ import annotations

import pytest
from django.db import connection

from privacy.core.conf import settings
from privacy.evidence import triggers


@pytest.fixture(autouse=True)
def _no_evidence_yet(db: None) -> None:
    triggers.remove("default")
    with connection.cursor() as cursor:
        for table in ("sealleaf", "seal", "evidencedetail"):
            cursor.execute(f"DELETE FROM privacy_{table}")
        cursor.execute("DELETE FROM privacy_evidenceentry")
    connection.check_constraints()  # PostgreSQL alters no table while constraints wait to be checked
    if settings.evidence_triggers:
        triggers.install("default")
