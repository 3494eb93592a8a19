"""Gunicorn's settings: `python -m gunicorn config.wsgi` from the repository's root needs nothing else."""

pythonpath = "platform,."
bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = 1
threads = 8
# Voting pages hold no connection open for long; a request that takes a minute is lost.
timeout = 60
graceful_timeout = 10
# An annotator thinks for some seconds between two answers; a connection kept saves each a new handshake.
keepalive = 75
