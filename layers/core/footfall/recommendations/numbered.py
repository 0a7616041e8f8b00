"""What fit hands on of recommendations as numbers, and publish writes out again."""

from footfall.schemas.recommendation import EdgeName

NONE = -1
"""Where there are fewer products or reasons than there is place for."""
OF_A_PERSON = 30
REASONS = 2
KINDS: tuple[EdgeName, EdgeName] = ("VIEWED", "PURCHASED")
BOUGHT_BEFORE, VIEWED_BEFORE, BY_INTEREST, WALKED = range(4)
BY_LIKENESS = WALKED + 8
PATHS: list[tuple[EdgeName, ...]] = [
    ("PURCHASED",),
    ("VIEWED",),
    ("INTERESTED_IN", "BELONGS_TO"),
    *((first, back, on) for first in KINDS for back in KINDS for on in KINDS),
    *(("SIMILAR_TO", kind) for kind in KINDS),
]
"""The ways through the graph by number: straight, by a category, by a product and who took both, or by likeness."""
