"""Whether a container does its work; its exit code is the answer. Plain Python, without Django.

Usage: python -m liaison.health web | worker NAME | beat | sealer | reminders
Beat is the only process of its container, so the container ends with it; what is left to ask is the broker.
"""

import http.client
import socket
import sys

from liaison import service_urls
from liaison.problems import Problem

PORT = 8000
SECONDS = 5
WAITING_LONG = """
SELECT EXISTS (SELECT FROM audit_event WHERE at < now() - interval '5 minutes'
               AND id > coalesce((SELECT max(event_id) FROM audit_seal), 0))
"""
NO_TICK = """
SELECT coalesce(max(ticked_at), '-infinity') < now() - interval '5 minutes' FROM reminders_planmark
"""


def web() -> bool:
    """The page answers under a host name that it accepts."""
    first = (service_urls.variable("ALLOWED_HOSTS") or "localhost").split(",")[0]
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=SECONDS)
    try:
        connection.request(
            "GET", "/healthz", headers={"Host": first.strip().lstrip(".").replace("*", "localhost")}
        )
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker(name: str) -> bool:
    """The Celery worker of this host answers a ping."""
    from liaison.celery import app

    destination = f"{name}@{socket.gethostname()}"
    answers = app.control.inspect(destination=[destination], timeout=SECONDS).ping() or {}
    return destination in answers


def beat() -> bool:
    """The broker takes what beat sends."""
    try:
        service_urls.check_broker()
    except Problem:
        return False
    return True


def sealer() -> bool:
    """No event has waited for its seal for long."""
    return answers_no(service_urls.AUDIT, WAITING_LONG)


def reminders() -> bool:
    """Somebody has ticked lately; who does not matter."""
    return answers_no(service_urls.WORKER, NO_TICK)


def answers_no(way: service_urls.DatabaseVariable, question: str) -> bool:
    """Whether the database can be asked, and answers no."""
    import psycopg2

    try:
        arguments = service_urls.connection_arguments(way.name, service_urls.variable(way.name))
        connection = psycopg2.connect(**arguments, connect_timeout=SECONDS)
    except (Problem, psycopg2.OperationalError):
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return not cursor.fetchone()[0]
    finally:
        connection.close()


def main() -> int:
    match sys.argv[1:]:
        case ["web"]:
            return 0 if web() else 1
        case ["worker", name]:
            return 0 if worker(name) else 1
        case ["beat"]:
            return 0 if beat() else 1
        case ["sealer"]:
            return 0 if sealer() else 1
        case ["reminders"]:
            return 0 if reminders() else 1
    sys.stderr.write(f"{__doc__}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
