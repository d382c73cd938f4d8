"""All settings, read from the environment or `.env`; every one is named in `.env.example`.

Without any setting the project runs for trial: embedded PostgreSQL, mail kept in a folder, keys made on the first start
and kept in `var/`.
"""

import sys
from pathlib import Path
from typing import Any

from environs import Env

from backoffice import database, keys
from backoffice.unfold_settings import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
TESTING = "pytest" in sys.modules

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or keys.kept(VAR_DIR, "secret_key")
# Fernet keys, the newest first; credentials of connections are encrypted with them.
CREDENTIALS_KEYS: list[str] = env.list("CREDENTIALS_KEYS", []) or [keys.kept(VAR_DIR, "credentials_key")]

# The addresses at which the site is reached. BASE_URL also stands in mails.
BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "django_q",
    "axes",
    "csp",
    "backoffice.sync",
    "inventory",
    "orders",
    "shipping",
    "accounting",
    "backoffice",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "backoffice.views.clean_input.CleanInput",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database -------------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", "")
DATABASES: dict[str, dict[str, Any]] = {"default": database.django_settings(DATABASE_URL, VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ---------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", 5)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "locked_out.html"
SESSION_COOKIE_AGE = 60 * 60 * 12

# --- what a process keeps in its own memory ---------------------------------------------------------------------------
_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
CACHES: dict[str, dict[str, Any]] = {
    # Who asked how often. A kept answer must not push out of it that somebody asks too often.
    "default": {"BACKEND": _MEMORY, "OPTIONS": {"MAX_ENTRIES": 10_000}},
    "answers": {"BACKEND": _MEMORY, "LOCATION": "answers", "TIMEOUT": 60, "OPTIONS": {"MAX_ENTRIES": 200}},
}

# --- words, times ---------------------------------------------------------------------------------------------------
# Staff pages are English until they are translated: without LocaleMiddleware no browser's wish gives half-French ones.
# Papers and mails choose the customer's language by themselves.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
USE_I18N = True
FORMAT_MODULE_PATH = ["backoffice.formats"]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "America/Toronto")

# --- files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("UPLOAD_MAX_BYTES", 10 * 1024 * 1024)
UPLOAD_MAX_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE
# Tables of the catalogue: 100,000 products with every column are some 30 MB. They are kept in a file, not in memory.
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", 64 * 1024 * 1024)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- mail -----------------------------------------------------------------------------------------------------------
# Without EMAIL_HOST mail is kept as files, which the admin shows.
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", True)
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "orders@example.com")

# --- background work: few, general tasks; the tables hold what must not be lost (design: django-q2) --------------------
REDIS_URL = env.str("REDIS_URL", "")
Q_CLUSTER: dict[str, Any] = {
    "name": "backoffice",
    "workers": env.int("WORKERS", 2),
    "timeout": 300,
    "retry": 1800,
    "max_attempts": 1,
    "ack_failures": True,
    "queue_limit": 1,
    "catch_up": False,
    "save_limit": 1000,
    "poll": 0.3,
    "label": "Background work",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backoffice.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "backoffice.api.pagination.NewestFirst",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,
    "EXCEPTION_HANDLER": "backoffice.api.errors.handler",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.str("API_RATE", "1200/min"),
        "anon": env.str("PUBLIC_API_RATE", "120/min"),
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Backoffice API",
    "DESCRIPTION": "Orders, stock, shipments and invoices of one merchant.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    # Fields that are all called `kind` or `state` need a name of their own for the words they may have.
    "ENUM_NAME_OVERRIDES": {
        "ChargeKindEnum": "orders.models.OrderCharge.Kind",
        "OrderStateEnum": "orders.models.Order.State",
        "LocationKindEnum": "inventory.models.Location.Kind",
        "TransferStateEnum": "inventory.models.Transfer.State",
    },
}

# --- safety ---------------------------------------------------------------------------------------------------------
BEHIND_TLS = BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("TRUST_PROXY", BEHIND_TLS) else None
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31536000 if BEHIND_TLS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
# unfold's Alpine needs unsafe-eval and inline styles (docs/decisions/0004-admin.md); no inline script anywhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- this project ---------------------------------------------------------------------------------------------------
# Where connectors are looked for: every module of these packages that holds one is a connector, no list is kept.
CONNECTOR_PACKAGES = ["orders.stores", "shipping.carriers", "accounting.packages"]
# Store addresses may be plain http only on loopback.
HTTP_TIMEOUT_SECONDS = env.float("HTTP_TIMEOUT_SECONDS", 20.0)
# How long the link in a mail opens the customer's page of an order.
ORDER_LINK_DAYS = env.int("ORDER_LINK_DAYS", 60)
DROP_FOLDER = Path(env.str("DROP_FOLDER", str(VAR_DIR / "drop")))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
    "loggers": {"backoffice": {"level": env.str("LOG_LEVEL", "INFO")}},
}
