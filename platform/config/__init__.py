"""The site: settings, urls, wsgi, Celery. Celery's app is exported so that `@shared_task` finds it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
