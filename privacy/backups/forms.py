"""What can be chosen when a backup is taken by hand."""

from django import forms
from django.utils.translation import gettext_lazy as _


class TakeForm(forms.Form):
    """How the dump is written."""

    compress = forms.BooleanField(label=_("Compress"), required=False, initial=True)
    encrypt = forms.BooleanField(label=_("Encrypt"), required=False)
