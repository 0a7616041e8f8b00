"""Questions that may be too big for one call: how each is asked of a part of the people, and how parts are folded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from footfall.questions import funnel, time_to_convert
from footfall.questions.event_rows import EventsQuery
from footfall.questions.filters import Filtered
from footfall.questions.range import RangeAnswer
from footfall.rollups import Part, Rollups
from footfall.schemas.job import LargeQuestion
from footfall.stores.mongo import Moment

Asked = TypeVar("Asked", bound=Filtered)


@dataclass(frozen=True)
class Large(Generic[Asked]):
    """One of them.

    `part` gives what a part of the people comes to, as of a moment; `folded` the answer of all parts, which is what the
    question is answered with in one call.
    """

    question: type[Asked]
    query_of: Callable[[Asked, Rollups], EventsQuery]
    part: Callable[[str, Asked, Moment, Part], bytes]
    folded: Callable[[Sequence[bytes]], RangeAnswer]

    def query(self, parameters: str, rollups: Rollups) -> EventsQuery:
        """Returns which events are read, from the question's parameters as JSON; raises Invalid."""
        return self.query_of(self._read(parameters), rollups)

    def part_of(self, site_id: str, parameters: str, moment: Moment, part: Part) -> bytes:
        """Returns what a part of the people comes to; raises Invalid, Unavailable."""
        return self.part(site_id, self._read(parameters), moment, part)

    def _read(self, parameters: str) -> Asked:
        return self.question.model_validate_json(parameters)


LARGE: Mapping[LargeQuestion, Large[Any]] = {
    "funnel": Large(funnel.FunnelQuestion, funnel.FunnelQuestion.query_of, funnel.part, funnel.folded),
    "time-to-convert": Large(
        time_to_convert.TimeToConvertQuestion,
        time_to_convert.TimeToConvertQuestion.query_of,
        time_to_convert.part,
        time_to_convert.folded,
    ),
}
