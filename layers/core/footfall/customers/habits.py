"""How customers shop, as saved segments may ask for it."""

from collections.abc import Mapping

from footfall.customers.profile import foremost
from footfall.rates import percentage
from footfall.schemas.customer import Habits

MOST_CATEGORIES = 10


def habits_of(tokens: Mapping[str, float], monetary: int, refunded: int) -> Habits:
    """Returns how a customer shops, by the tokens of their behaviour and what they brought and had refunded.

    What was refunded of orders that were never seen may be more than what they brought.
    """
    return Habits(
        sessions=round(tokens.get("sum:visits", 0)),
        page_views=round(tokens.get("sum:pages", 0)),
        refund_rate=percentage(refunded, monetary),
        categories=[name.casefold() for name in foremost(tokens, "category:", MOST_CATEGORIES)],
    )
