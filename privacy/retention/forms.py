"""What an admin may type about a schedule: its period."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy.core.errors import PrivacyError
from privacy.core.periods import Period
from privacy.promises.services import refuse_weaker
from privacy.retention.models import Schedule
from privacy.retention.rules import PREFIX


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses what is no period, and what is weaker than the published text; both say what to write instead."""

    period = forms.CharField(
        label=_("period"),
        max_length=40,
        help_text=_("For example P30D (30 days), P13M (13 months), P1Y (a year). Months are calendar months."),
    )

    class Meta:
        model = Schedule
        fields = ("period",)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def clean_period(self) -> str:
        try:
            period = Period.parse(self.cleaned_data["period"].strip().upper(), field="period")
            refuse_weaker(setting=f"{PREFIX}{self.instance.category}", period=period, field="period", now=self.now)
        except PrivacyError as error:
            raise forms.ValidationError(f"{error.problem}. {error.mend}.", code="refused") from None
        return str(period)

    @property
    def chosen(self) -> Period:
        """The period, once the form is valid."""
        return Period.parse(self.cleaned_data["period"])
