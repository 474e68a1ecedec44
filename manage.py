#!/usr/bin/env python
"""Django's command line, on the same data and servers as `make run`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liaison.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError

        from liaison import commands, embedded
        from liaison.problems import Problem
        from liaison.service_urls import one_line
    except ImportError as error:
        sys.exit(f"{error}. Use .venv/bin/python, which `make run` makes.")
    arguments = sys.argv[1:]
    os.environ.setdefault("LIAISON_DB_ROLE", commands.role_for(arguments))
    try:
        if commands.needs_servers(arguments):
            embedded.ensure()
        else:
            embedded.configure()
        execute_from_command_line(sys.argv)
    except (Problem, ImproperlyConfigured) as error:
        sys.exit(str(error))
    except OperationalError as error:
        if "--traceback" in arguments:
            raise
        sys.exit(f"The database did not answer as it should: {one_line(str(error))}")


if __name__ == "__main__":
    main()
