"""The smallest life that still shows a difference: what can be left out is left out, until nothing can."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.oracle.life import Delivery, Json, Life

NEEDED = frozenset({"eventId", "messageId", "eventType", "type", "event", "timestamp", "visitorId", "anonymousId"})
VISITORS = frozenset({"visitorId", "anonymousId"})
Shows = Callable[[Life], bool]


def smallest(life: Life, shows: Shows, tries: int = 400) -> Life:
    """Returns a life made of parts of this one that `shows` the same, looked for in so many tries at most."""
    left = tries
    again = True
    while again:
        again = False
        for candidate in _smaller(life):
            left -= 1
            if left < 0:
                return life
            if shows(candidate):
                life, again = candidate, True
                break
    return life


def _smaller(life: Life) -> Iterator[Life]:
    # the largest steps first
    yield from _simpler_deliveries(life)
    names = [one.event_id for one in life.told]
    size = len(names) // 2
    while size:
        for start in range(0, len(names), size):
            if kept := [*names[:start], *names[start + size :]]:
                yield life.with_events(kept)
        size //= 2
    if len(life.questions) > 1:
        yield from (replace(life, questions=(question,)) for question in life.questions)
    yield from _without_fields(life)


def _simpler_deliveries(life: Life) -> Iterator[Life]:
    together = Delivery(tuple(one.event_id for one in life.told), "nothing")
    if life.deliveries != (together,):
        yield replace(life, deliveries=(together,))
    for place, delivery in enumerate(life.deliveries):
        before, after = life.deliveries[:place], life.deliveries[place + 1 :]
        if delivery.then != "nothing":
            yield replace(life, deliveries=(*before, replace(delivery, then="nothing"), *after))
        if delivery.then == "nothing" and after:
            joined = replace(after[0], event_ids=tuple(dict.fromkeys(delivery.event_ids + after[0].event_ids)))
            yield replace(life, deliveries=(*before, joined, *after[1:]))


def _without_fields(life: Life) -> Iterator[Life]:
    for place, one in enumerate(life.told):
        for event in _simpler(one.event):
            told = (*life.told[:place], replace(one, event=event), *life.told[place + 1 :])
            yield replace(life, told=told)


def _simpler(event: Json) -> Iterator[Json]:
    for name, value in event.items():
        if name not in NEEDED and (name != "userId" or VISITORS & event.keys()):
            yield {other: each for other, each in event.items() if other != name}
        if name == "properties" and isinstance(value, dict):
            yield from ({**event, name: {key: value[key] for key in value if key != without}} for without in value)
