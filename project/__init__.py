"""The demo site: a traffic co-op that keeps the policy it published."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
