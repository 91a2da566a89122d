"""A member with something in every corner of the small site, and profiles with other closure rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client

from privacy.core.actors import Actor
from privacy.promises.services import load_profile
from tests.host import models as host

PASSWORD = "correct horse battery"
PROFILE = """
[site]
code = "TST"
name = "Test Site"
postal_address = ["1 Example Street", "Example Town"]
languages = ["en"]

[site.contacts]
email = "privacy@example.org"

[closure]
after = "{after}"
route = {route}
identity = "{identity}"

[[promise]]
id = "TST-1-1"
clause = "§1"
kind = "duty"
says = "A closed account is emptied."
check = "disposal.closed_accounts_empty"
"""


@pytest.fixture
def stand_in(db: None) -> Any:
    """The account that signs what erased members wrote."""
    return get_user_model().objects.create_user("former-member")


@pytest.fixture
def member(stand_in: Any, now: datetime) -> Any:
    user = get_user_model().objects.create_user("robin", "robin@example.org", PASSWORD)
    host.Customer.objects.create(user=user, display_name="Robin of the Hood", phone="0123")
    order = host.Order.objects.create(customer=user, number="A-1", address="Hidden Glade 7", total=12, placed_at=now)
    host.OrderLine.objects.create(order=order, article="bow", engraving="for Marian")
    for _ in range(3):
        host.PageView.objects.create(user=user, ip="192.0.2.7", path="/", viewed_at=now)
    upload = host.Upload(owner=user, title="portrait")
    upload.file.save("portrait.txt", ContentFile(b"a face"))
    host.Note.objects.create(
        content_type=ContentType.objects.get_for_model(user), object_id=str(user.pk), text="rang twice"
    )
    return user


@pytest.fixture
def signed_in(member: Any, client: Client) -> Client:
    assert client.login(username="robin", password=PASSWORD)
    return client


@pytest.fixture
def closure_rules(db: None, tmp_path: Path, now: datetime) -> Callable[..., None]:
    """``closure_rules(after="P3M")`` loads a profile with these rules."""

    def load(after: str = "P0D", route: str = '["self"]', identity: str = "may") -> None:
        path = tmp_path / "profile.toml"
        path.write_text(PROFILE.format(after=after, route=route, identity=identity), encoding="utf-8")
        load_profile(path=path, now=now, actor=Actor.system("tests"))

    return load
