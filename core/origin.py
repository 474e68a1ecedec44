"""Where what is written comes from, as triggers see it: a setting that ends with the transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def _say(origin: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.origin', %s, true)", [origin])


@contextmanager
def coming_from(kind: str, reference: str = "") -> Iterator[None]:
    """Everything written inside comes from this: an import, a merge, the restoring of a value. Belongs inside
    the act's transaction; if it fails, the rollback takes the setting back."""
    _say(f"{kind}|{reference}")
    yield
    _say("")
