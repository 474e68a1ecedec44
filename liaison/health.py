"""Whether a container does its work; its exit code is the answer. Plain Python, without Django.

Usage: python -m liaison.health web | worker NAME | beat
Beat is the only process of its container, so the container ends with it; what is left to ask is the broker.
"""

import http.client
import socket
import sys

from liaison import service_urls
from liaison.problems import Problem

PORT = 8000
SECONDS = 5


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


def main() -> int:
    match sys.argv[1:]:
        case ["web"]:
            return 0 if web() else 1
        case ["worker", name]:
            return 0 if worker(name) else 1
        case ["beat"]:
            return 0 if beat() else 1
    sys.stderr.write(f"{__doc__}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
