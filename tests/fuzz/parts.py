"""What is fuzzed, and how a number of inputs is shared out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.fuzz import events, messages, requests
from tests.fuzz.judge import Tally
from tests.fuzz.world import World, a_world


@dataclass(frozen=True)
class Part:
    """One kind of input; `share` of all inputs."""

    what: str
    fuzz: Callable[[World, Tally, int, int], None]
    share: float


PARTS: Mapping[str, Part] = {
    "requests": Part("requests by the OpenAPI document", requests.fuzz, 0.10),
    "events": Part("mutated events of the gateway", events.fuzz, 0.65),
    "messages": Part("bodies of queues", messages.fuzz, 0.25),
}


def run(world: World, name: str, inputs: int, number: int) -> Tally:
    """Fuzzes one part with its share of all inputs and returns the tally; the same number gives the same inputs."""
    tally = Tally(PARTS[name].what)
    PARTS[name].fuzz(world, tally, round(inputs * PARTS[name].share), number)
    return tally


def run_alone(parts: dict[str, str], name: str, inputs: int, number: int) -> tuple[str, Tally]:
    """Does so in a world and database of its own, on stores that run already; returns the part's name and the tally."""
    with a_world(parts, f"fuzz_{name}_{number}") as world:
        return name, run(world, name, inputs, number)
