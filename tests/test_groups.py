"""Tests of one group stay with one worker: what they share is started once."""

import pytest

GROUP = "groups"


@pytest.mark.xdist_group(GROUP)
def test_the_workers_are_told_of_groups(request: pytest.FixtureRequest) -> None:
    # pytest-xdist 3.8 marks the test's id, where pytest does not look from 9.2 on: groups are then ignored in silence
    # (https://github.com/pytest-dev/pytest-xdist/issues/1386)
    distributed_by_group = getattr(request.config.option, "loadgroup", False)
    assert request.node.nodeid.endswith(f"@{GROUP}") == distributed_by_group
