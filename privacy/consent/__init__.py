"""Who agreed to what, and whose data may be used for what.

For the site's own code::

    from privacy.consent import may_process, permitted_rows, requires

    if may_process(request.user, "newsletter"): ...

    @requires("statistics")
    def charts(request): ...

    permitted_rows(Order.objects.all(), "analysis", subject="customer")

In a template: ``{% load privacy_consent %}{% if request|may_process:"newsletter" %}``.
"""

from privacy.consent.asking import may_process, permitted_rows, requires

__all__ = ["may_process", "permitted_rows", "requires"]
