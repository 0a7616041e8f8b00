"""Each fault once, with few events: nothing is lost, doubled or made up. `make faults` does the same with many more."""

import pytest

from tests.faults.__main__ import SCENARIOS
from tests.faults.disks import CannotInject
from tests.faults.trial import run

EVENTS = 600
SEED = 20_261_121


@pytest.mark.stack
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_acknowledged_is_lost_or_doubled_under(name: str) -> None:
    try:
        outcome = run(SCENARIOS[name], EVENTS, SEED)
    except CannotInject as reason:
        pytest.skip(str(reason))
    assert outcome.count.balances, outcome
