"""Must show, Tampering: a night that erases 1,000 people, and the end of their details, break no proof."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from privacy.core.actors import Actor
from privacy.disposal.mandate import Mandate
from privacy.disposal.models import Closure
from privacy.disposal.opening import open_many
from privacy.evidence.keys import make_key
from privacy.evidence.models import EvidenceDetail, EvidenceEntry
from privacy.retention.models import Approval
from privacy.retention.services import run_night
from tests.evidence.tampering import nothing_left
from tests.host.models import Customer, Order

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
NIGHT = datetime(2025, 3, 16, 3, 0, tzinfo=UTC)
#: Proofs of a closure are kept for a year unless the profile says otherwise, other details for three.
THEIR_END, EVERYBODYS_END = NIGHT + timedelta(days=370), NIGHT + timedelta(days=3 * 366 + 5)
PEOPLE = 1000


@pytest.fixture(autouse=True)
def _site(tmp_path: Path, settings: Any) -> Any:
    """Seals are signed, and a person once approved of such nights."""
    made = make_key(path=tmp_path / "seal.pem")
    settings.PRIVACY = {**settings.PRIVACY, "SEAL_KEYS": [made.file], "LARGE_NIGHT_SHARE": 1.0}
    Approval.objects.create(status="used", reasons=["first"], asked_at=NIGHT, confirmed_at=NIGHT)
    yield
    nothing_left()


def verified(export: Path, against: Path | None = None) -> dict[str, Any]:
    """What the command says; the stranger's script must say the same of the export that it writes."""
    out = StringIO()
    words = ["--against", str(against)] if against else []
    call_command("privacy_verify", "--json", "--export", str(export), "--entries", *words, stdout=out)
    script = [sys.executable, "-I", str(ROOT / "docs" / "verify_evidence.py"), str(export), *words]
    done = subprocess.run(script, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def night(at: datetime) -> None:
    report = run_night(now=at, actor=Actor.system("night"))
    assert report.status == "done", report


def test_erasing_1000_people_in_a_night_breaks_no_proof_before_or_after_their_details_expire(tmp_path: Path) -> None:
    users = get_user_model()
    people = users.objects.bulk_create(users(username=f"m{n}", email=f"m{n}@example.org") for n in range(PEOPLE))
    Customer.objects.bulk_create(Customer(user=user, display_name=user.username) for user in people)
    Order.objects.bulk_create(
        Order(customer=user, number=f"o{user.pk}", address="a street", total=1, placed_at=NIGHT) for user in people
    )
    closed = NIGHT - timedelta(hours=1)
    open_many([(user.pk, closed) for user in people], Mandate("member", "page", "password"), now=closed)

    night(NIGHT)

    assert Closure.objects.filter(status="done").count() == PEOPLE
    assert EvidenceEntry.objects.filter(act="disposal.account_erased").count() == PEOPLE
    before = verified(tmp_path / "before.json")
    assert (before["intact"], before["unsealed"]) == (True, 1)  # the night itself, told when it was over
    assert before["details"] > PEOPLE
    assert before["sealed"] > PEOPLE

    night(THEIR_END)

    after = verified(tmp_path / "after.json", tmp_path / "before.json")
    assert after["intact"]
    assert not EvidenceDetail.objects.filter(entry__act="disposal.account_erased").exists()
    assert EvidenceEntry.objects.filter(act="disposal.account_erased").count() == PEOPLE

    night(EVERYBODYS_END)

    assert verified(tmp_path / "end.json", tmp_path / "before.json")["intact"]
    assert not EvidenceDetail.objects.filter(until__lt=EVERYBODYS_END).exists()
