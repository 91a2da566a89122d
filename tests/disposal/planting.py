"""Members of the small site, with a row of every shape, each carrying one token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client

from tests.host import models as host

THEN = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def plant(token: str, *, orders: int = 2) -> Any:
    """One member with data everywhere the small site can keep it; ``token`` is in each value."""
    user = get_user_model().objects.create_user(
        username=token, email=f"{token}@example.org", password=f"secret {token}", first_name=token, last_name=token
    )
    other, _ = get_user_model().objects.get_or_create(username="somebody-else", defaults={"email": "else@example.org"})
    get_user_model().objects.get_or_create(username="former-member")
    host.Customer.objects.create(user=user, display_name=token, phone=token)
    for number in range(orders):
        order = host.Order.objects.create(
            customer=user,
            number=f"{user.pk}-{number}",
            address=token,
            phone=token,
            total="9.90",
            placed_at=THEN + timedelta(days=number),
        )
        host.OrderLine.objects.create(order=order, article="spoon", engraving=token)
        cache.set(f"order:{order.pk}", token)
    host.PageView.objects.create(user=user, ip="203.0.113.77", user_agent=token, path=f"/{token}", viewed_at=THEN)
    host.Message.objects.create(sender=user, recipient=other, subject=token, body=token, sent_at=THEN)
    host.Message.objects.create(sender=other, recipient=user, subject="hello", body="from the other", sent_at=THEN)
    host.Note.objects.create(
        content_type=ContentType.objects.get_for_model(user), object_id=str(user.pk), text=f"about {token}"
    )
    first = host.Order.objects.filter(customer=user).first()
    if first is not None:
        host.Note.objects.create(
            content_type=ContentType.objects.get_for_model(host.Order), object_id=str(first.pk), text=token
        )
    comment = host.Comment.objects.create(author=user, text=token)
    host.Comment.objects.create(author=other, parent=comment, text="an answer of the other")
    team = host.Team.objects.create(name="a team")
    team.members.add(user, other)
    upload = host.Upload(owner=user, title=token)
    upload.file.save(f"{token}.txt", ContentFile(f"file of {token}".encode()))
    host.NewsletterContact.objects.create(address=f"{token}@Example.org", name=token, joined_at=THEN)
    host.Contract.objects.create(owner=user, title=token, terms=token)
    host.ClientContact.objects.create(client=user, name=f"client of {token}", email=f"c-{token}@example.org")
    host.Invoice.objects.create(customer=user, billed_to=token, amount="9.90", issued_on=THEN.date())
    host.Review.objects.create(author=user, signed_as=token, stars=5)
    LogEntry.objects.create(
        user=other,
        content_type=ContentType.objects.get_for_model(user),
        object_id=str(user.pk),
        object_repr=token,
        action_flag=CHANGE,
        change_message=f"changed {token}",
    )
    cache.set(f"customer:{user.pk}", token)
    client = Client()
    client.force_login(user)
    session = client.session
    session["basket"] = token
    session.save()
    return user
