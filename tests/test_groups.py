"""What shares a server or a wheel runs on one worker: the groups are known to the workers."""

import os

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="no workers here: run with -n 2 --dist loadgroup")
def test_a_worker_knows_the_group_of_a_test(request):
    """xdist hands the group on as the end of the test's id, which some versions of pytest do not take."""
    assert request.node.nodeid.endswith("@groups")
