"""Sessions as they are stored, collected as columns."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from footfall.breakdowns.columns import NOT_COUNTED, Integers, Visits
from footfall.days import DayRange
from footfall.dimensions import Dimension
from footfall.funnels.columns import milliseconds, starts_of
from footfall.funnels.engine import Coded
from footfall.lake.contents import session_text
from footfall.lake.session_numbers import session_number
from footfall.schemas.session import SessionFigures

MOST_REMEMBERED = 100_000


class SessionColumns:
    """Collects sessions that began in a range of days, some at a time, with what dimensions of sessions tell of them.

    Of their orders, those in the site's currency count.
    """

    def __init__(self, days: DayRange, currency: str, rows: Iterable[Dimension]) -> None:
        self._starts = starts_of(days)
        self._currency = currency
        self._visits = [Visits(*(np.zeros(0, np.int64) for _ in Visits._fields))]
        self._told = {row.name: _Told(row) for row in rows}

    def add(self, sessions: Sequence[SessionFigures], people: Iterable[int | None]) -> None:
        """Add sessions, and the number of whose each is; None for somebody who is not stored yet."""
        self._visits.append(self._read(sessions, people))
        for told in self._told.values():
            told.add(sessions)

    def add_columns(self, visits: Visits, told: Mapping[str, Coded]) -> None:
        """Add sessions that are columns already, with their values of all these dimensions."""
        self._visits.append(visits)
        for name, known in self._told.items():
            known.add_coded(told[name])

    @property
    def visits(self) -> Visits:
        """All of them."""
        return Visits(*map(np.concatenate, zip(*self._visits, strict=True)))

    def coded(self, name: str) -> Coded:
        """Returns the value of each, of one of the dimensions."""
        return self._told[name].coded()

    def _read(self, sessions: Sequence[SessionFigures], people: Iterable[int | None]) -> Visits:
        orders, revenue = self._orders(sessions)
        starts = np.array([milliseconds(each["started_at"]) for each in sessions], np.int64)
        return Visits(
            numbers=np.array([session_number(each) for each in sessions], np.int64),
            people=np.array([NOT_COUNTED if who is None else who for who in people], np.int64),
            starts=starts,
            days=np.searchsorted(self._starts, starts, "right").astype(np.int64) - 1,
            milliseconds=np.array([round(1000 * each["duration"]) for each in sessions], np.int64),
            bounces=np.array([each["bounce"] for each in sessions], np.int64),
            conversions=(orders > 0).astype(np.int64),
            orders=orders,
            revenue=revenue,
        )

    def _orders(self, sessions: Sequence[SessionFigures]) -> tuple[Integers, Integers]:
        # how many came of each session, and what they amount to; of most none did
        number, revenue = np.zeros(len(sessions), np.int64), np.zeros(len(sessions), np.int64)
        for place, session in enumerate(sessions):
            for order in session.get("orders", ()):
                if order["currency"] in (self._currency, ""):
                    number[place] += 1
                    revenue[place] += order["total"]
        return number, revenue


class _Told(dict[object, int]):
    # the place of what is told among a dimension's values

    def __init__(self, row: Dimension) -> None:
        super().__init__()
        self._text = session_text(row)
        self._missing = row.missing
        self._places: dict[str, int] = {}
        self._codes: list[Integers] = [np.zeros(0, np.int64)]

    def __missing__(self, told: object) -> int:
        place = self._places.setdefault(self._text.shown(told) or self._missing, len(self._places))
        if len(self) < MOST_REMEMBERED:
            self[told] = place
        return place

    def add(self, sessions: Sequence[SessionFigures]) -> None:
        self._codes.append(np.array([self[one] for one in self._text.told(sessions)], np.int64))

    def add_coded(self, coded: Coded) -> None:
        ours = np.array([self._places.setdefault(text, len(self._places)) for text in coded.texts], np.int64)
        self._codes.append(ours[coded.codes])

    def coded(self) -> Coded:
        return Coded(list(self._places), np.concatenate(self._codes))
