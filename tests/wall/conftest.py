"""A wall for the tests that need one; where none can be had they are skipped, and say why."""

import pytest

from tutor.data import sample_folder
from tutor.wall.bubble import NoWallError
from tutor.wall.pool import wall


@pytest.fixture(scope="session")
def behind():
    """A wall that stands for all tests of a process."""
    try:
        with wall(sample_folder()) as standing:
            yield standing
    except NoWallError as error:
        pytest.skip(str(error))
