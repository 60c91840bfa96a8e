"""Settings of the library. The database is named by LIBRARY_DATABASE_URL, and there is a second one."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ["LIBRARY_SECRET_KEY"]
DEBUG = False

ENGINES = {"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}


def database(url):
    u = urlsplit(url)
    if u.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": u.netloc + u.path}
    return {
        "ENGINE": "django.db.backends." + ENGINES[u.scheme],
        "HOST": u.hostname,
        "PORT": u.port,
        "USER": unquote(u.username or ""),
        "PASSWORD": unquote(u.password or ""),
        "NAME": u.path[1:],
    }


DATABASES = {
    "default": database(os.environ.get("LIBRARY_DATABASE_URL", "sqlite://library.db")),
    "archive": database("sqlite://archive.db"),
}
DATABASE_ROUTERS = ["mysite.routers.ArchiveRouter"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.admin",
    "django.contrib.messages",
    "accounts",
    "library",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "mysite.urls"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_ID = 1
USE_TZ = True
