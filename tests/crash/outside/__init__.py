"""An app of the crash site alone. Its site's Celery application is there in every process, as in a real project."""

from tests.crash.worker import app as celery_app

__all__ = ["celery_app"]
