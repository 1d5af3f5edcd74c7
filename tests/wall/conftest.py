"""A wall for the tests that need one; where none can be had they are skipped, and say why."""

import pytest
import torch

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


@pytest.fixture
def one_thread():
    """torch computes in one thread, as it does behind the wall: sums in another order train another network."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
