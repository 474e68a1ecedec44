"""What `check --deploy` asks of a product that real people sign in to."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

SHORTEST_SECRET = 32  # characters
SECRETS = ("SECRET_KEY", "CONTEXT_KEY", "AUDIT_KEY")
LOOPBACK = {"127.0.0.1", "localhost", "::1", "[::1]"}


@register(Tags.security, Tags.database, deploy=True)
def check_no_demo_accounts(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Everybody knows the password of a demo account."""
    from accounts.models import User

    try:
        count = User.objects.filter(is_demo=True).count()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return [Warning(f"Whether demo accounts exist could not be looked up: {reason}", id="liaison.W001")]
    if not count:
        return []
    return [
        Error(
            f"{count} demo accounts exist; their password is public.",
            hint="Start with an empty database and LIAISON_DEMO=0.",
            id="liaison.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_not_a_demo(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEMO:
        return []
    return [Error("LIAISON_DEMO is on.", hint="Set LIAISON_DEMO=0.", id="liaison.E002")]


@register(Tags.security, deploy=True)
def check_secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each secret is long and used for one purpose only."""
    short = [name for name in SECRETS if len(getattr(settings, name)) < SHORTEST_SECRET]
    found: list[CheckMessage] = [
        Error(
            f"{name} has fewer than {SHORTEST_SECRET} characters.",
            hint="`openssl rand -hex 32` makes a good one.",
            id="liaison.E003",
        )
        for name in short
    ]
    if len({getattr(settings, name) for name in SECRETS}) < len(SECRETS):
        found.append(Error(f"{', '.join(SECRETS)} must all be different.", id="liaison.E004"))
    return found


@register(Tags.security, deploy=True)
def check_database_role(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The web and the workers must not be the owner, whom row-level security does not hold."""
    if settings.DB_ROLE != "owner":
        return []
    return [
        Error(
            "The process works as the owner of the tables.",
            hint="Leave LIAISON_DB_ROLE unset for the web; only set-up commands work as owner.",
            id="liaison.E005",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Only a demo is for this machine alone; `*` accepts any name."""
    hosts = set(settings.ALLOWED_HOSTS)
    if "*" in hosts:
        return [Error("ALLOWED_HOSTS accepts every name.", hint="Name the hosts.", id="liaison.E006")]
    if hosts <= LOOPBACK:
        return [
            Warning("ALLOWED_HOSTS names only this machine.", hint="Add the public name.", id="liaison.W002")
        ]
    return []


@register(Tags.security, deploy=True)
def check_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.HTTPS:
        return []
    return [
        Warning(
            "HTTPS is off: passwords and cookies travel in the clear.",
            hint="Set HTTPS=1, with BEHIND_PROXY=1 when a proxy ends TLS.",
            id="liaison.W003",
        )
    ]
