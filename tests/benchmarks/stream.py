"""A shop's stream of events as columns, made of random numbers: people, who come back, and their sessions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

FIRST = date(2026, 1, 1)
DAYS = 120
EVENTS, SESSIONS, PEOPLE = 5_000_000, 1_000_000, 300_000
DAY_MILLISECONDS = 86_400_000
LONGEST_SESSION = 60
SEED = 20261130
KINDS = (
    ("pageview", "home", 0.20),
    ("pageview", "search", 0.20),
    ("pageview", "product", 0.15),
    ("pageview", "cart", 0.05),
    ("pageview", "payment", 0.03),
    ("click", None, 0.15),
    ("scroll", None, 0.12),
    ("product_viewed", None, 0.08),
    ("order_completed", None, 0.01),
    ("feedback", None, 0.01),
)
"""The kinds of events: type, page type, and how common each is."""
SHARES = tuple(share for _, _, share in KINDS)
DEVICES = ("Desktop", "Mobile", "Tablet", "Other")
SOURCES = ("direct", "google", "newsletter", "instagram", "partner", "bing", "tiktok", "affiliate")
COUNTRIES = ("DE", "IT", "FR", "ES", "NL", "AT", "CH", "PL", "SE", "DK")
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Stream:
    """Events in the order of time, none of one person at the same moment. `who` and `session` count from 1.

    `device`, `source` and `country` are places in the tables above, and `kind` in that of the stream; a person has one
    device and country, a session one source. Times are Unix milliseconds, days count from the first.
    """

    who: Numbers
    time: Numbers
    kind: Numbers
    session: Numbers
    session_start: Numbers
    device: Numbers
    source: Numbers
    country: Numbers
    people: int

    @property
    def day(self) -> Numbers:
        """The day of each event."""
        return (self.time - _first()) // DAY_MILLISECONDS

    @property
    def ties(self) -> Numbers:
        """Which of its millisecond's events each is."""
        return np.arange(len(self.time)) - np.searchsorted(self.time, self.time)


def _first() -> int:
    return (FIRST - date(1970, 1, 1)).days * DAY_MILLISECONDS


def date_of(day: int) -> date:
    """Returns a day by its number."""
    return FIRST + timedelta(days=day)


def a_stream(share: float = 1.0, seed: int = SEED, shares: Sequence[float] = SHARES) -> Stream:
    """Returns a stream, or a share of one that has as many fewer people, sessions and events.

    `shares` say how common each kind is; a kind is a place among them.
    """
    random = np.random.default_rng(seed)
    sessions, people = int(SESSIONS * share), int(PEOPLE * share)
    whose = 1 + random.permutation(people)[(random.pareto(1.2, sessions) * people / 100).astype(np.int64) % people]
    starts = np.sort(_first() + (random.random(sessions) * DAYS * DAY_MILLISECONDS).astype(np.int64))
    lengths = np.minimum(random.geometric(SESSIONS / EVENTS, sessions), LONGEST_SESSION)
    session = np.repeat(np.arange(sessions), lengths)
    steps = (1_000 + random.exponential(40_000, len(session))).astype(np.int64)
    steps[np.cumsum(lengths) - lengths] = 0
    time = starts[session] + _since_begin(steps, lengths)
    kind = random.choice(len(shares), len(session), p=shares)
    who = whose[session]
    time = _apart(who, time)
    order = np.argsort(time, kind="stable")
    order = order[time[order] < _first() + DAYS * DAY_MILLISECONDS]
    devices = random.choice(len(DEVICES), people + 1, p=[0.38, 0.52, 0.08, 0.02])
    countries = random.choice(len(COUNTRIES), people + 1)
    sources = random.choice(len(SOURCES), sessions, p=[0.3, 0.3, 0.12, 0.1, 0.07, 0.05, 0.04, 0.02])
    return Stream(
        who[order],
        time[order],
        kind[order],
        session[order] + 1,
        starts[session[order]],
        devices[who[order]],
        sources[session[order]],
        countries[who[order]],
        people,
    )


def streams(count: int) -> Iterator[Stream]:
    """Yields so many whole streams, each of other people and sessions."""
    for number in range(count):
        found = a_stream(seed=SEED + number)
        yield replace(found, who=found.who + number * PEOPLE, session=found.session + number * SESSIONS)


def _since_begin(steps: Numbers, lengths: Numbers) -> Numbers:
    # the sums of each session's steps
    sums = np.cumsum(steps)
    begins = np.cumsum(lengths) - lengths
    before: Numbers = np.repeat(sums[begins] - steps[begins], lengths)
    return sums - before


def _apart(who: Numbers, time: Numbers) -> Numbers:
    # somebody's events of one moment are moved a millisecond on, until none are left
    apart = time.copy()
    while True:
        order = np.lexsort((apart, who))
        same = (np.diff(who[order]) == 0) & (np.diff(apart[order]) == 0)
        if not same.any():
            return apart
        apart[order[1:][same]] += 1
