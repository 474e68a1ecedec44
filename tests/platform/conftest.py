from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import product


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet; nothing of it may be left running."""
    folder = product.data_folder()
    yield folder
    left = product.wait_until_gone(folder, 30)
    product.remove(folder)
    assert left == []
