"""Who is acting, from where: set once per request or job, read by the audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Acting:
    """One act's origin. `user_id` is None before sign-in and for system jobs."""

    user_id: int | None = None
    username: str = ""
    address: str = ""
    channel: str = "system"  # web, job, command, system


SYSTEM = Acting()
_acting: ContextVar[Acting] = ContextVar("acting", default=SYSTEM)


def acting() -> Acting:
    return _acting.get()


@contextmanager
def acting_as(value: Acting) -> Iterator[None]:
    token = _acting.set(value)
    try:
        yield
    finally:
        _acting.reset(token)
