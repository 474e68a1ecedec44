"""Database roles as the product uses them, inside a test's transaction."""

from contextlib import contextmanager

from django.db import connection, connections

from core.rls import set_actor


@contextmanager
def as_role(role, user=None):
    """Statements inside run as `role`, with `user` as the signed actor (None: without context)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
    set_actor(user.pk if user else None)
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
            set_actor(None)


class AppRoleMiddleware:
    """Outermost: the whole request, session and sign-in included, runs as liaison_app. The second connection
    is the first one, because it would see nothing of the test's transaction."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE liaison_app")
        aside, connections["aside"] = connections["aside"], connections["default"]
        try:
            return self.get_response(request)
        finally:
            connections["aside"] = aside
            if not connection.needs_rollback:
                with connection.cursor() as cursor:
                    cursor.execute("RESET ROLE")
