"""WSGI entry point: `python -m gunicorn config.wsgi` (gunicorn.conf.py puts platform/ on the path)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
