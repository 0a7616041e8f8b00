"""What the customers of each segment add up to: folded when they are published, so that no answer adds them up."""

from collections.abc import Iterable
from typing import Literal

from footfall.schemas.customer import CountedSegments
from footfall.schemas.model import ModelName, SegmentingModel, SegmentSums

SegmentField = Literal["rfm_segment", "behaviour_segment"]
SEGMENT_FIELDS: dict[SegmentingModel, SegmentField] = {"rfm": "rfm_segment", "behaviour_segments": "behaviour_segment"}
"""The models that put customers into segments, and the field of a customer that each writes."""


class Segments:
    """Collects customers, and tells what each segment of both kinds adds up to."""

    def __init__(self) -> None:
        self._sums: dict[SegmentField, dict[str, SegmentSums]] = {field: {} for field in SEGMENT_FIELDS.values()}

    def add_all(self, customers: Iterable[CountedSegments]) -> None:
        """Count customers in the segments they are in."""
        for customer in customers:
            self._add(customer)

    def _add(self, customer: CountedSegments) -> None:
        for field, sums in self._sums.items():
            name = customer[field]
            found = sums.setdefault(name, SegmentSums(name=name, customers=0, revenue=0, refunds=0, orders=0, days=0))
            found["customers"] += 1
            found["revenue"] += customer["monetary"]
            found["refunds"] += customer["refunded"]
            found["orders"] += customer["frequency"]
            found["days"] += customer["recency"]

    def of_model(self, name: ModelName) -> list[SegmentSums]:
        """Returns the sums of the segments that a model finds, by their names; none of a model that finds none."""
        if name not in ("rfm", "behaviour_segments"):
            return []
        sums = self._sums[SEGMENT_FIELDS[name]]
        return [sums[segment] for segment in sorted(sums)]
