"""The one place that writes to people: classes, outbox, preferences, suppression, unsubscribing, bounces.

A site's own code puts one message into the outbox with ``services.queue``, and many with a mailing.
"""
