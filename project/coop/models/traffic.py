"""What members do: sites, campaigns, views, earnings and files."""

from __future__ import annotations

from django.db import models

from project.coop.models.members import Member


class Site(models.Model):
    """A member's website that takes traffic."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="sites")
    url = models.URLField()
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Site {self.pk}"


class Campaign(models.Model):
    """An advertisement for a site, which other members are shown."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="campaigns")
    headline = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    credits = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Campaign {self.pk}"


class AdView(models.Model):
    """One advertisement on one screen. The large table of the site."""

    viewer = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="views", db_index=False)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.SET_NULL, related_name="views")
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=2, blank=True)
    viewed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["viewed_at"], name="coop_adview_viewed_at"),
            models.Index(fields=["viewer", "viewed_at"], name="coop_adview_viewer"),
        ]

    def __str__(self) -> str:
        return f"Ad view {self.pk}"


class DailyStatistic(models.Model):
    """A member's day in figures: advertisements viewed, prizes won, credits earned."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="statistics")
    day = models.DateTimeField()
    views = models.PositiveIntegerField(default=0)
    prizes = models.PositiveIntegerField(default=0)
    credits = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "day"], name="coop_one_statistic_a_day")]
        indexes = [models.Index(fields=["day"], name="coop_statistic_day")]

    def __str__(self) -> str:
        return f"Daily statistic {self.pk}"


class Earning(models.Model):
    """Money paid to a member. Tax law wants the voucher for ten years, whoever has left by then."""

    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="earnings")
    number = models.CharField(max_length=20, unique=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    payee_name = models.CharField(max_length=120)
    payee_address = models.TextField()
    payment_email = models.EmailField(blank=True)
    remark = models.TextField(blank=True)
    paid_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Earning {self.pk}"


class Upload(models.Model):
    """A banner or a document that a member put on the site."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="uploads")
    file = models.FileField(upload_to="uploads/")
    caption = models.CharField(max_length=120, blank=True)
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Upload {self.pk}"


class MailEvent(models.Model):
    """That a member opened a mail of the co-op, or followed a link in it."""

    class Kind(models.TextChoices):
        OPENED = "opened"
        CLICKED = "clicked"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="mail_events")
    kind = models.CharField(max_length=8, choices=Kind)
    campaign_code = models.SlugField()
    ip = models.GenericIPAddressField(null=True)
    happened_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Mail event {self.pk}"
