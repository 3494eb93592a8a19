"""All settings of the site, read from the environment. docs/configuration.md lists every variable."""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from config.env import embedded_secret, envbool, envint, envlist, envsecret, envtext
from config.version import code_version

ROOT = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(envtext("SEMBLANCE_DATA_DIR", str(ROOT / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
CODE_VERSION = envtext("SEMBLANCE_VERSION") or code_version(ROOT)

# ---- who may talk to us ---------------------------------------------------------------------------------------------
# "embedded" is one machine with nothing to install; "production" refuses every default that is not safe on a network.
MODE = envtext("SEMBLANCE_MODE", "embedded")
if MODE not in {"embedded", "production"}:
    raise ImproperlyConfigured(f"SEMBLANCE_MODE must be embedded or production, not {MODE!r}.")
PRODUCTION = MODE == "production"
DEBUG = envbool("SEMBLANCE_DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("SEMBLANCE_DEBUG must be off in production.")

_secret = envsecret("SEMBLANCE_SECRET_KEY")
if _secret is None and PRODUCTION:
    raise ImproperlyConfigured("Set SEMBLANCE_SECRET_KEY (or SEMBLANCE_SECRET_KEY_FILE) in production.")
SECRET_KEY = _secret or embedded_secret(DATA_DIR / "secret_key")

ALLOWED_HOSTS = envlist("SEMBLANCE_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = envlist("SEMBLANCE_ORIGINS")
SECURE_SSL_REDIRECT = envbool("SEMBLANCE_HTTPS", PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT
SECURE_HSTS_SECONDS = envint("SEMBLANCE_HSTS_SECONDS", 31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
if envbool("SEMBLANCE_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# ---- what the site is made of ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "config",
    "accounts",
    "annotation",
    "learning",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "annotation.views.quick.QuickVotes",  # sets its own headers; the rest is for everybody else
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# ---- where things are kept ------------------------------------------------------------------------------------------
DATABASES = {
    "default": environ.Env.db_url_config(envtext("DATABASE_URL", f"sqlite:///{DATA_DIR / 'semblance.sqlite3'}"))
}
_database: dict[str, Any] = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets readers go on while one writes; IMMEDIATE makes writers queue instead of failing half-way through; and
    # our own backend has them take turns, where SQLite would have each sleep and look again.
    _database["ENGINE"] = "config.sqlite"
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY;",
    }
    # Tests talk to the site from several threads, so their database is a file; one a process, so suites do not meet.
    _database["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
else:
    _database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 8}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = DATA_DIR / "files"
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # where nothing was collected, whitenoise serves what the finders find
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

# ---- work that takes longer than a request --------------------------------------------------------------------------
# The rows of learning.Job are the truth; a message only rings the bell, so losing or doubling one is harmless.
CELERY_BROKER_URL = envtext("SEMBLANCE_BROKER_URL", "fsatomic://")
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"learning.tasks.job_run": {"queue": "gpu"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "jobs-reap": {"task": "learning.tasks.jobs_reap", "schedule": 5.0, "options": {"expires": 5.0}},
    "rounds-tend": {"task": "annotation.tasks.rounds_tend", "schedule": 5.0, "options": {"expires": 5.0}},
}
if CELERY_BROKER_URL.startswith("fsatomic"):
    _queue, _control = DATA_DIR / "queue", DATA_DIR / "queue-control"
    for _folder in (_queue, _control):
        _folder.mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue),
        "data_folder_out": str(_queue),
        "control_folder": str(_control),
        "polling_interval": 0.2,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
    CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
JOB_LEASE_SECONDS = envint("SEMBLANCE_JOB_LEASE_SECONDS", 30, minimum=2)
JOB_MAX_ATTEMPTS = envint("SEMBLANCE_JOB_MAX_ATTEMPTS", 5, minimum=1)

# ---- language, time, logs -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# What annotators read is in all of these; pages for researchers are English (accounts.permissions).
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")]
LOCALE_PATHS = [ROOT / "platform" / "config" / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": envtext("SEMBLANCE_LOG_LEVEL", "INFO")},
}
