"""What somebody searched a shop for, and how much was found, as the events of Segment, Google and others say it."""

import unicodedata

from footfall.events.commerce_fields import first_filled
from footfall.money import read_amount
from footfall.schemas.event import Json

TERMS = ("query", "search_term", "searchTerm", "search_query", "keywords", "keyword", "term")
FOUND = (
    "results",
    "result_count",
    "results_count",
    "resultsCount",
    "number_of_results",
    "num_results",
    "total_results",
)
LONGEST = 256
MOST_FOUND = 10**9


def term_of(properties: Json) -> str | None:
    """Returns the one form of all spellings of a term: without case and needless blanks; None where none is told."""
    told = first_filled(properties, TERMS)
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    return " ".join(unicodedata.normalize("NFKC", str(told)).casefold().split())[:LONGEST] or None


def found_by(properties: Json) -> int | None:
    """Returns how many results a search had, as a number or a list of them; None where that is not told."""
    told = next((properties[name] for name in FOUND if properties.get(name) not in (None, "")), None)
    if isinstance(told, list):
        return len(told)
    number = None if told is None else read_amount(told, 0).number
    whole = number is not None and number == number.to_integral_value() and 0 <= number <= MOST_FOUND
    return int(number) if number is not None and whole else None
