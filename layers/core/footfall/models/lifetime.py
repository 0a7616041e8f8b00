"""The model `lifetime`: what customers are expected to bring within a year, net of refunds, and how sure that is."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from footfall.customers.arrays import Arrays
from footfall.customers.rfm import quintiles
from footfall.models.trained import Champion, Files, Fit, Judgement, Trained
from footfall.schemas.customer import ClvCategory, LifetimeFields

if TYPE_CHECKING:
    from footfall.models.lifetime_values import Values

CATEGORIES: tuple[ClvCategory, ...] = ("low", "low", "medium", "medium", "high")
"""By the fifth of all customers that somebody is in, those of whom least is expected first."""
COLUMNS = ("predicted", "low", "high", "if_active", "alive", "next_day")


def fit(extracted: Files) -> Fit:
    """Returns what every customer is expected to bring, and how good such forecasts were of days held out."""
    from footfall.models.lifetime_values import found  # fit alone has scipy in its layers

    return _made(found(extracted["trade"], len(extracted["features"]["customer"])))


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns what every customer is expected to bring by the champion, and how good it is on the days held out."""
    from footfall.models.lifetime_values import found_again

    customers = len(extracted["features"]["customer"])
    return _made(found_again(extracted["trade"], customers, champion.parameters, champion.details["lifetime"]))


def _made(values: "Values") -> Fit:
    return Fit(
        work={"values": values.arrays},
        details={"lifetime": values.details},
        figures={"lifetime": values.figures},
        parameters=values.parameters,
    )


def judge(trained: Trained) -> Judgement:
    """Returns how good the forecasts are; where they are no better than simpler ones, those are published."""
    found = trained.figures["lifetime"]
    return Judgement(found if isinstance(found, dict) else {})


def fields(trained: Trained, those: slice) -> Iterator[LifetimeFields]:
    """Returns what each of some customers is expected to bring."""
    values: Arrays = trained.work["values"]
    category = quintiles(values["predicted"].astype(np.int64))[those].tolist()
    for predicted, low, high, if_active, alive, next_day, fifth in zip(
        *(values[name][those].tolist() for name in COLUMNS), category, strict=True
    ):
        yield LifetimeFields(
            predicted_clv=round(predicted),
            predicted_clv_low=_whole(low),
            predicted_clv_high=_whole(high),
            clv_if_active=round(if_active),
            clv_category=CATEGORIES[fifth - 1],
            p_alive=None if alive != alive else round(alive, 4),
            next_purchase_on=None if next_day != next_day else date.fromordinal(round(next_day)).isoformat(),
        )


def _whole(amount: float) -> int | None:
    return None if amount != amount else round(amount)
