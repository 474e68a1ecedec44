"""Thousands of requests that are refused, as they should be."""

import logging

import pytest


@pytest.fixture(autouse=True, scope="package")
def _quiet():
    """Django would write down each refusal with its traceback."""
    logger = logging.getLogger("django.request")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)
