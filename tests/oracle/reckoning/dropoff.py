"""The right answer of /api/funnel/dropoff for fewer people than any reason is told of."""

from collections.abc import Mapping
from itertools import pairwise

from tests.oracle.life import Json, Question
from tests.oracle.reckoning import funnel
from tests.oracle.reckoning.shop import Reckoning

DIMENSIONS = (
    *("device", "visitor", "source", "country", "browser", "page", "product", "channel", "campaign", "os"),
    *("language", "screen"),
)
LOSS = ("drop_off", "drop_off_rate", "value_lost", "value_lost_low", "value_lost_high")


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns each step's loss, as the funnel has it, the largest first; a refusal where the funnel is refused."""
    found = funnel.answer(shop, question)
    steps = found.get("steps")
    if not isinstance(steps, list):
        return found
    listed = [_transition(before, step) for before, step in pairwise(steps)]
    same = {
        name: each for name, each in found.items() if name not in ("steps", "breakdowns", "overall_conversion_rate")
    }
    return {
        **same,
        "looked_at": 0,
        "dimensions": list(DIMENSIONS),
        "transitions": sorted(listed, key=lambda one: -int(str(one["drop_off"]))),
    }


def _transition(before: Mapping[str, object], step: Mapping[str, object]) -> Json:
    return {
        "step": step["name"],
        "step_before": before["name"],
        "order": step["order"],
        "users": before["users"],
        **{name: step[name] for name in LOSS},
        "reasons": [],
        "more_reasons": 0,
        "breaks": [],
    }
