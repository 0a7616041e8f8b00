"""Each fault once, with few events: nothing is lost, doubled or made up. `make faults` does the same with many more."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.__main__ import SCENARIOS
from tests.faults.disks import CannotInject
from tests.faults.pipeline import Pipeline, Setting, opened
from tests.faults.trial import Scenario, run

EVENTS = 600
SEED = 20_261_121
SETTINGS = list(dict.fromkeys(scenario.setting for scenario in SCENARIOS.values()))


class Pipelines:
    """One pipeline at a time, kept for as long as the same setting is asked for."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._setting: Setting | None = None

    def pipeline(self, setting: Setting) -> Pipeline:
        """Returns a pipeline of that setting."""
        if setting != self._setting:
            self.close()
            self._pipeline = self._open.enter_context(opened(setting, SEED))
            self._setting = setting
        return self._pipeline

    def close(self) -> None:
        """Close the pipeline, if there is one."""
        self._setting = None
        self._open.close()


@pytest.fixture(scope="module")
def pipelines() -> Iterator[Pipelines]:
    """Pipelines for the faults, which share those of one setting."""
    pipelines = Pipelines()
    yield pipelines
    pipelines.close()


def by_setting(scenario: Scenario) -> int:
    """Returns the place of a scenario's setting among all settings."""
    return SETTINGS.index(scenario.setting)


@pytest.mark.stack
@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(each, id=each.name, marks=pytest.mark.xdist_group(f"faults {by_setting(each)}"))
        for each in sorted(SCENARIOS.values(), key=by_setting)
    ],
)
def test_nothing_acknowledged_is_lost_or_doubled_under(pipelines: Pipelines, scenario: Scenario) -> None:
    try:
        outcome = run(scenario, pipelines.pipeline(scenario.setting), EVENTS, SEED)
    except CannotInject as reason:
        pytest.skip(str(reason))
    except Exception:
        pipelines.close()
        raise
    assert outcome.count.balances, outcome
