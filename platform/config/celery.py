"""The Celery app. Importing it registers the embedded broker's transport (`fsatomic://`)."""

import os

from celery import Celery

import config.fsatomic  # noqa: F401  (registers the transport before the app reads its broker's address)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("semblance")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
