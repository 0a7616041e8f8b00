"""Questions whose answers are made of sums over people, so that they can be asked of parts of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from footfall.errors import Conflict
from footfall.questions.event_rows import EventsQuery
from footfall.questions.filters import Filtered
from footfall.questions.how_much import most_rows
from footfall.questions.range import RangeAnswer
from footfall.questions.read_rows import nothing_read
from footfall.questions.sums import added, packed, unpacked
from footfall.rollups import Part, Rollups, rollups_of
from footfall.stores.mongo import Moment, answering

Asked = TypeVar("Asked", bound=Filtered)
Answer = TypeVar("Answer", bound=RangeAnswer)
Sums = TypeVar("Sums")


@dataclass(frozen=True)
class AddedUp(Generic[Asked, Answer, Sums]):
    """One of them.

    `about_nobody` is all of the answer that is the same whoever is there, and its watermark. `sums` are what the people
    come to, or a part of them where the rollups say so, of the kind `kind`; `answered` makes the answer of both, and
    reads nothing more. One call reads `most_rows` rows of the lake.
    """

    question: type[Asked]
    model: type[Answer]
    kind: type[Sums]
    about_nobody: Callable[[Rollups, Asked], Answer]
    sums: Callable[[Rollups, Asked], Sums]
    answered: Callable[[Asked, Answer, Sums], Answer]
    most_rows: Callable[[], int] = most_rows

    def answer(self, rollups: Rollups, question: Asked) -> Answer:
        """Returns the answer in one call; raises Invalid, and of that TooBig for too much, Unavailable."""
        dated = question.dated(rollups)
        return self.answered(dated, self.about_nobody(rollups, dated), self.sums(rollups, dated))

    def reads(self, rollups: Rollups, parameters: str) -> list[EventsQuery]:
        """Returns which events are read, from the question's parameters as JSON; raises Invalid."""
        with nothing_read() as queries:
            self.sums(rollups, self._read(parameters))
        return queries

    @answering()
    def part(self, site_id: str, parameters: str, moment: Moment, part: Part) -> bytes:
        """Returns what `folded` makes the answer of, as of a moment, for a part of the people; raises as `answer`."""
        with rollups_of(site_id, moment, part) as rollups:
            question = self._read(parameters).dated(rollups)
            about_nobody = self.about_nobody(rollups, question).model_dump_json(by_alias=True)
            return about_nobody.encode() + b"\n" + packed(self.sums(rollups, question))

    def folded(self, parameters: str, parts: Sequence[bytes]) -> Answer:
        """Returns the answer that all people's parts come to; raises Conflict where a setting changed between them."""
        abouts, _, sums = zip(*(part.partition(b"\n") for part in parts), strict=True)
        if len(set(abouts)) > 1:
            raise Conflict("the site's settings changed while the answer was made: ask again")
        about_nobody = self.model.model_validate_json(abouts[0])
        return self.answered(self._read(parameters), about_nobody, added([unpacked(self.kind, each) for each in sums]))

    def _read(self, parameters: str) -> Asked:
        return self.question.model_validate_json(parameters)
