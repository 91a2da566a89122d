"""The site's Celery application, for a real worker on a broker of files or on a Redis."""

from celery import Celery

app = Celery("crash")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
