"""The sessions of a day as they are stored in columns, and read again."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from footfall.breakdowns.columns import Integers, Visits
from footfall.breakdowns.sessions import SessionColumns
from footfall.days import DayRange
from footfall.funnels.engine import Coded
from footfall.schemas.dimension import DaySessionsDocument, PackedSessions

MOST_TEXTS = 1_000
"""Values of a dimension that a day's columns tell apart: those with most sessions."""
SESSIONS_PER_DOCUMENT = 100_000
"""6 MB of columns, and 4 MB of texts at most; MongoDB takes documents of 16 MB."""
NUMBERS, CODES = "<i8", "<u2"


def documents(
    site_id: str, day: DayRange, sessions: SessionColumns, names: Iterable[str], *, bots: bool = False
) -> Iterator[DaySessionsDocument]:
    """Returns what is stored of the sessions that began on a day, of `bots` or not, with their values of dimensions."""
    date = day.first.isoformat()
    visits = sessions.visits
    columns = {name: _most_common(sessions.coded(name)) for name in names}
    for part, begin in enumerate(range(0, len(visits.numbers), SESSIONS_PER_DOCUMENT), 1):
        some = slice(begin, begin + SESSIONS_PER_DOCUMENT)
        yield DaySessionsDocument(
            _id=f"{site_id}:{date}" + (":bots" if bots else "") + (f":part {part}" if part > 1 else ""),
            site_id=site_id,
            date=date,
            begins=day.start,
            bots=bots,
            cut=sorted(name for name, coded in columns.items() if len(coded.texts) == MOST_TEXTS + 1),
            figures={name: _packed(getattr(visits, name)[some], NUMBERS) for name in FIGURES},
            texts={name: list(coded.texts[:MOST_TEXTS]) for name, coded in columns.items()},
            codes={name: _packed(coded.codes[some], CODES) for name, coded in columns.items()},
        )


FIGURES = tuple(name for name in Visits._fields if name != "days")


def _packed(column: Integers, kind: str) -> bytes:
    return np.asarray(column, kind).tobytes()


def _most_common(coded: Coded) -> Coded:
    # the texts beyond the most common ones are one, which is empty
    counts = np.bincount(coded.codes, minlength=len(coded.texts))
    order = np.argsort(-counts, kind="stable")[:MOST_TEXTS]
    places = np.full(len(coded.texts), len(order), np.int64)
    places[order] = np.arange(len(order))
    others = [""] if len(coded.texts) > MOST_TEXTS else []
    return Coded([*(coded.texts[place] for place in order), *others], places[coded.codes])


def unpacked(day: PackedSessions, number: int) -> tuple[Visits, Mapping[str, Coded]]:
    """Returns the sessions of a day, which is the range's so-manieth from 0, and their values; of dimensions in `cut`
    not all are there."""
    figures = {name: np.frombuffer(day["figures"][name], NUMBERS).astype(np.int64) for name in FIGURES}
    visits = Visits(days=np.full(len(figures["numbers"]), number, np.int64), **figures)
    coded = {
        name: Coded(texts, np.frombuffer(day["codes"][name], CODES).astype(np.int64))
        for name, texts in day["texts"].items()
    }
    return visits, coded
