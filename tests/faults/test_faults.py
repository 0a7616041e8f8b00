"""Each fault once, with few events: nothing is lost, doubled or made up. `make faults` does the same with many more."""

from collections.abc import Iterator

import pytest

from tests.faults.__main__ import SCENARIOS
from tests.faults.disks import CannotInject
from tests.faults.road import Road, opened
from tests.faults.trial import Scenario, run

EVENTS = 600
SEED = 20_261_121
SETTINGS = list(dict.fromkeys(scenario.setting for scenario in SCENARIOS.values()))


@pytest.fixture(scope="module")
def road(request: pytest.FixtureRequest) -> Iterator[Road]:
    """A road for all faults that need the same setting."""
    try:
        with opened(request.param, SEED) as road:
            yield road
    except CannotInject as reason:
        pytest.skip(str(reason))


@pytest.mark.stack
@pytest.mark.parametrize(
    ("road", "scenario"),
    [
        pytest.param(
            one.setting, one, id=one.name, marks=pytest.mark.xdist_group(f"faults {SETTINGS.index(one.setting)}")
        )
        for one in SCENARIOS.values()
    ],
    indirect=["road"],
)
def test_nothing_acknowledged_is_lost_or_doubled_under(road: Road, scenario: Scenario) -> None:
    outcome = run(scenario, road, EVENTS, SEED)
    assert outcome.count.balances, outcome
