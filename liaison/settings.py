"""Settings, all from the environment; see docs/configuration.md for every variable.

A secret may come from a file: `SECRET_KEY_FILE=/run/secrets/secret_key` stands for `SECRET_KEY`.
"""

import os
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("LIAISON_DEMO", default=False)
DATA = Path(env.str("LIAISON_DATA", default=str(BASE_DIR / "var")))
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])


def required(name: str) -> str:
    """A variable that has no safe default; missing, it says what to do."""
    try:
        return str(env.str(name)).strip()
    except ImproperlyConfigured:
        raise ImproperlyConfigured(
            f"{name} is not set. `make run` makes one; in production set {name} or {name}_FILE "
            "(docs/configuration.md)."
        ) from None


SECRET_KEY = required("SECRET_KEY")
# Signs the actor that row-level security trusts. Set-up copies it into a table only the owner reads.
CONTEXT_KEY = required("CONTEXT_KEY")
# Encrypts sensitive fields: `id:sm4-key-hex:index-key-hex`, newest first, comma separated.
FIELD_KEYS: list[str] = [key for key in required("FIELD_KEYS").split(",") if key]
# Chains the audit trail; never stored in the database.
AUDIT_KEY = required("AUDIT_KEY")

# One database, four ways in. The role of the process decides which is `default`.
DB_ROLE = env.str("LIAISON_DB_ROLE", default="app")
DB_URLS = {
    "app": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "worker": "DATABASE_WORKER_URL",
    "audit": "DATABASE_AUDIT_URL",
}
if DB_ROLE not in DB_URLS:
    raise ImproperlyConfigured(f"LIAISON_DB_ROLE must be one of {', '.join(DB_URLS)}; it is {DB_ROLE!r}.")
DATABASES: dict[str, Any] = {
    "default": env.db_url_config(required(DB_URLS[DB_ROLE]))
    | {
        "ATOMIC_REQUESTS": False,  # ActorMiddleware opens the transaction, around rendering too
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer in transaction mode
    }
}
# The same database on a second connection: progress and refusals, seen while a transaction is still open.
DATABASES["aside"] = DATABASES["default"] | {"TEST": {"MIRROR": "default"}}
# PgBouncer in transaction mode hides the server process; then the context asks for it (one more statement).
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
REDIS_URL = required("REDIS_URL")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "liaison.admin_site.LiaisonAdminConfig",
    "allauth",
    "allauth.account",
    "guardian",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "django_filters",
    "liaison",
    "core",
    "audit",
    "accounts",
    "reminders",
    "experts",
    "activities",
    "reports",
    "exchange",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "core.middleware.ActorMiddleware",
    "audit.middleware.RefusalMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.VaryOnHtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]
FORM_RENDERER = "core.rendering.FormRenderer"
ROOT_URLCONF = "liaison.urls"
WSGI_APPLICATION = "liaison.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["template_partials.templatetags.partials", "core.components"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "liaison.shell.shell",
            ],
        },
    }
]

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.LockingBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workbench"
ACCOUNT_ADAPTER = "accounts.adapter.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = False  # ours is per account and kept in the database
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
LOCK_AFTER_FAILURES = env.int("LOCK_AFTER_FAILURES", default=5)
LOCK_MINUTES = env.int("LOCK_MINUTES", default=30)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_HOURS = env.int("SESSION_HOURS", default=10)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.passwords.LengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.MixedCharactersValidator"},
]

# Guardian serves the need-to-know list only (experts/models/need_to_know.py), never as a backend.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",
    # Warns of a default close to the clock, taking it for a moment that should have been "now". Quiet hours
    # begin and end at fixed times (reminders/models/preference.py), so it came up twice a day for seconds.
    "fields.W161",
]

# Language and time
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i"

# Files
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("WHITENOISE_USE_FINDERS", default=DEMO or DEBUG)
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Cache holds public reference lists only, never a person.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "TIMEOUT": 60}}

# Transport and headers
HTTPS = env.bool("HTTPS", default=not (DEMO or DEBUG))
SECURE_SSL_REDIRECT = HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
# One proxy that we trust sits in front: it tells the scheme and the address of the client.
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "liaison_session"
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# What leaves the product: e-mail, where there is a server for it (reminders/letters.py)
SITE_URL = env.str("SITE_URL", default="") or f"http://127.0.0.1:{env.int('LIAISON_PORT', default=8000)}"
_mail: dict[str, Any] = env.email_url_config(url) if (url := env.str("EMAIL_URL", default="").strip()) else {}
EMAIL_HOST = _mail.get("EMAIL_HOST") or ""  # empty: nothing is sent
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
    _mail.get(f"EMAIL_HOST_{name}") or "" for name in ("USER", "PASSWORD")
)
EMAIL_USE_TLS, EMAIL_USE_SSL = (_mail.get(f"EMAIL_USE_{name}", False) for name in ("TLS", "SSL"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="") or "liaison@localhost"

# Work in the background: `user` acts for a person under their rights, `system` as liaison_worker.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "system"
CELERY_TASK_ROUTES = {
    "exchange.tasks.run_import": {"queue": "user"},
    "exchange.tasks.*": {"queue": "system"},
    "reports.tasks.run_export": {"queue": "user"},
    "reports.tasks.*": {"queue": "system"},
    "activities.tasks.*": {"queue": "system"},
    "audit.tasks.*": {"queue": "system"},
    "reminders.tasks.*": {"queue": "system"},
    "experts.tasks.preview_change": {"queue": "user"},
    "experts.tasks.run_proposal": {"queue": "user"},
    "experts.tasks.*": {"queue": "system"},
}
# Lines of a proposal for which a person waits, some two seconds on a busy machine; more are a worker's.
PROPOSAL_LINES_AT_ONCE = env.int("PROPOSAL_LINES_AT_ONCE", default=2_000)
# A tick that waited too long is left out: the next one looks back.
REMINDER_TICK_SECONDS = env.int("REMINDER_TICK_SECONDS", default=60)
CELERY_BEAT_SCHEDULE = {
    "plan-meetings": {"task": "activities.tasks.plan_meetings", "schedule": crontab(hour=1, minute=15)},
    "remind": {
        "task": "reminders.tasks.tick",
        "schedule": REMINDER_TICK_SECONDS,
        "options": {"expires": REMINDER_TICK_SECONDS},
    },
    "purge-reminders": {"task": "reminders.tasks.purge", "schedule": crontab(hour=3, minute=50)},
    "work-off-coverage": {"task": "activities.tasks.work_off_coverage", "schedule": crontab()},
    "settle-tallies": {"task": "activities.tasks.settle_tallies", "schedule": crontab()},
    "purge-imports": {"task": "exchange.tasks.purge_imports", "schedule": crontab(hour=3, minute=10)},
    "purge-exports": {"task": "reports.tasks.purge_exports", "schedule": crontab(minute=20)},
    "resume-recomputations": {
        "task": "experts.tasks.resume_recomputations",
        "schedule": crontab(minute="*/5"),
    },
    "find-duplicates": {"task": "experts.tasks.find_duplicates", "schedule": crontab(minute=40)},
    "forget-merges": {"task": "experts.tasks.forget_merges", "schedule": crontab(hour=0, minute=35)},
    "end-expired-grants": {
        "task": "experts.tasks.end_expired_grants",
        "schedule": crontab(hour=0, minute=5),
    },
    "purge-exit-texts": {"task": "experts.tasks.purge_exit_texts", "schedule": crontab(hour=3, minute=40)},
    "open-review-rounds": {
        "task": "experts.tasks.open_review_rounds",
        "schedule": crontab(hour=0, minute=40),
    },
    "note-priorities": {"task": "experts.tasks.note_priorities", "schedule": crontab(minute="*/5")},
    "note-turned-priorities": {
        "task": "experts.tasks.note_turned_priorities",
        "schedule": crontab(hour=0, minute=15),
    },
    "recompute-turned-honours": {
        "task": "experts.tasks.recompute_turned_honours",
        "schedule": crontab(hour=0, minute=20),
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "core.logs.ReticentFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Takes away Django's own handlers, one of which mails errors with the values of local variables.
    "loggers": {"django": {"handlers": []}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
os.umask(0o077)
