"""How many people reached each step over a range, counted without numpy, for functions that answer little else.

It is the engine's `ordered` without a window: the earliest entry to each step after the earliest to the one before.
"""

from collections.abc import Iterable, Iterator, Mapping

from footfall.schemas.funnel import StepEntries

RANK_BITS = 32


def people_per_step(documents: Iterable[StepEntries], steps: int) -> list[int]:
    """Returns how many people reached each of so many steps of one funnel, from its rollups of a range of days."""
    by_step: list[list[StepEntries]] = [[] for _ in range(steps)]
    for document in documents:
        by_step[document["order"] - 1].append(document)
    reached = _earliest(by_step[0])
    users = [len(reached)]
    for found in by_step[1:]:
        reached = _earliest_after(found, reached)
        users.append(len(reached))
    return users


def _entries(documents: Iterable[StepEntries]) -> Iterator[tuple[int, int]]:
    # each entry's person, and its place in time
    for document in documents:
        day = int(document["date"].replace("-", "")) << RANK_BITS
        packed = document["entries"]
        for person, rank in zip(
            memoryview(packed["people"]).cast("I"), memoryview(packed["ranks"]).cast("I"), strict=True
        ):
            yield person, day | rank


def _earliest(documents: Iterable[StepEntries]) -> dict[int, int]:
    places: dict[int, int] = {}
    for person, place in _entries(documents):
        if place < places.get(person, place + 1):
            places[person] = place
    return places


def _earliest_after(documents: Iterable[StepEntries], before: Mapping[int, int]) -> dict[int, int]:
    places: dict[int, int] = {}
    for person, place in _entries(documents):
        if before.get(person, place) < place < places.get(person, place + 1):
            places[person] = place
    return places
