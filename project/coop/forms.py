from __future__ import annotations

from django import forms

from project.coop.models import Enquiry


class EnquiryForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Enquiry
        fields = ("name", "email", "text")
