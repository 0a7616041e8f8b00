"""The named RFM segments: a complete map of recency × (frequency and monetary value), without overlap."""

from typing import NamedTuple


class Segment(NamedTuple):
    """A named group of customers, and what it says of them."""

    name: str
    description: str


CHAMPIONS = Segment("Champions", "Bought lately, buy often and spend most")
LOYAL = Segment("Loyal", "Buy often or spend much, and not long ago")
POTENTIAL_LOYALISTS = Segment("Potential Loyalists", "Recent customers who have come back, with middling spending")
NEW_CUSTOMERS = Segment("New Customers", "Bought very lately, and hardly ever before")
PROMISING = Segment("Promising", "Bought lately, still little")
NEED_ATTENTION = Segment("Need Attention", "Middling in everything, and starting to be away")
ABOUT_TO_SLEEP = Segment("About To Sleep", "Little and rarely, and not lately")
AT_RISK = Segment("At Risk", "Used to buy well, and have been away for long")
CANNOT_LOSE = Segment("Cannot Lose", "Were among the best, and have been away for long")
HIBERNATING = Segment("Hibernating", "Bought little, and have been away for long")

RFM_SEGMENTS = (
    CHAMPIONS,
    LOYAL,
    POTENTIAL_LOYALISTS,
    NEW_CUSTOMERS,
    PROMISING,
    NEED_ATTENTION,
    ABOUT_TO_SLEEP,
    AT_RISK,
    CANNOT_LOSE,
    HIBERNATING,
)

MAP = {
    5: (NEW_CUSTOMERS, POTENTIAL_LOYALISTS, POTENTIAL_LOYALISTS, CHAMPIONS, CHAMPIONS),
    4: (PROMISING, POTENTIAL_LOYALISTS, POTENTIAL_LOYALISTS, LOYAL, LOYAL),
    3: (ABOUT_TO_SLEEP, ABOUT_TO_SLEEP, NEED_ATTENTION, LOYAL, LOYAL),
    2: (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANNOT_LOSE),
    1: (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, CANNOT_LOSE),
}
"""By recency score; in each row by the mean of the frequency and monetary scores, halves rounded up, from 1 to 5."""


def rfm_segment(recency: int, frequency: int, monetary: int) -> Segment:
    """Returns the segment of a customer with these scores, each from 1 to 5."""
    return MAP[recency][(frequency + monetary + 1) // 2 - 1]
