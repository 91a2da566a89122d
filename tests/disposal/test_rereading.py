"""What the steps did is read back together, and before what the link leads over goes."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacy.disposal.plan import route
from privacy.disposal.rereading import Reread, Residue, require_empty
from tests.host import models as host

pytestmark = pytest.mark.django_db


def test_many_places_are_asked_in_one_query() -> None:
    rereads = [Reread(host.Comment.objects.filter(pk=-number), "host.Comment", "left") for number in range(10)]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        require_empty(rereads, people=1000)
    assert len(asked) == 1


def test_the_first_place_where_something_is_left_is_named() -> None:
    author = User.objects.create(username="author")
    host.Comment.objects.bulk_create(host.Comment(author=author, text="x") for _ in range(3))
    comments = Reread(host.Comment.objects.all(), "host.Comment", "still there", named=lambda: "host.Comment.text")
    uploads = Reread(host.Upload.objects.all(), "host.Upload", "still there")
    with pytest.raises(Residue) as told:
        require_empty([uploads, comments], people=1)
    assert told.value.field == "host.Comment.text"
    require_empty([uploads], people=1)


def test_a_step_is_read_back_before_anything_goes_that_its_link_leads_over() -> None:
    lines = next(step for step in route() if step.declared.model is host.OrderLine)
    assert lines.through == {host.Order, User}
    reread = Reread(host.OrderLine.objects.all(), "host.OrderLine", "left", lines.through)
    assert reread.needs(host.Order)
    assert reread.needs(User)
    assert not reread.needs(host.Comment)
    generic = next(step for step in route() if step.side.kind == "generic")
    assert Reread(host.Note.objects.all(), "host.Note", "left", generic.through).needs(host.Comment)
