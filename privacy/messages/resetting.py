"""A password reset answers a person's own request: whoever stopped all correspondence still gets it (T41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import forms as auth_forms
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from privacy.messages.backends import TOPIC


class PasswordResetForm(auth_forms.PasswordResetForm):
    """Django's form under the topic ``request_answer``: ``PasswordResetView.as_view(form_class=PasswordResetForm)``."""

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: Mapping[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Send it as Django's form does, with the header that says what it is."""
        words = dict(context)
        subject = "".join(render_to_string(subject_template_name, words).splitlines())
        text = render_to_string(email_template_name, words)
        mail = EmailMultiAlternatives(subject, text, from_email, [to_email], headers={TOPIC: "request_answer"})
        if html_email_template_name:
            mail.attach_alternative(render_to_string(html_email_template_name, words), "text/html")
        mail.send()
