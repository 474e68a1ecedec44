"""WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from core.checks import refuse_unsafe_role

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liaison.settings")
application = get_wsgi_application()
refuse_unsafe_role()
# What is loaded by now stays: the collector need not walk it again during every request.
gc.collect()
gc.freeze()
