"""What there is to know of each model before it is relied on, in the manner of Mitchell et al., Model cards, 2019."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from footfall.schemas.customer import CHURN_FEATURES
from footfall.schemas.model import LEARNS_FROM, ModelDetails, ModelDocument, ModelName


class About(NamedTuple):
    """What a model is, what it learns from, on what it is judged, and what it must not be used for."""

    what: str
    features: tuple[str, ...]
    judged_on: str
    limits: tuple[str, ...]


OF_ORDERS = ("days with an order", "first and last of them", "revenue net of refunds", "days watched")
ABOUT: Mapping[ModelName, About] = {
    "rfm": About(
        "How lately, how often and for how much customers bought: scores from 1 to 5, and a named segment",
        LEARNS_FROM["rfm"],
        "all orders up to the last day of trade; the sums must be those of the store",
        ("It describes what was, and foresees nothing", "Scores compare customers of one shop with each other"),
    ),
    "behaviour_segments": About(
        "Customers grouped by how they shop (k-means), named by what is distinctive",
        LEARNS_FROM["behaviour_segments"],
        "up to 2,000 customers, by how well the groups are apart (silhouette)",
        (
            "Groups are a summary; a stability below 0.6 should not be relied on",
            "Fewer than 30 customers are one group",
        ),
    ),
    "behaviour_vectors": About(
        "Vectors of 128 numbers whose cosine says how alike people behave (truncated SVD)",
        ("pages", "products", "categories", "events", "hours and weekdays", "devices", "orders"),
        "up to 2,000 people split in two halves: whether one half finds the other among its ten nearest",
        ("Who did little is like everybody who did little", "Nearness says nothing about who will buy"),
    ),
    "lifetime": About(
        "What customers bring within the next 365 days (Pareto/NBD or BG/NBD, and Gamma-Gamma)",
        OF_ORDERS,
        "the last third of the days, half a year at most, forecast from what was known before them",
        (
            "It knows no seasons, prices or campaigns",
            "The interval holds nine of ten outcomes by chance alone; how sure the parameters are is not in it",
        ),
    ),
    "churn": About(
        "How likely customers are not to buy within a horizon that the shop's own gaps between purchases tell",
        CHURN_FEATURES,
        "the latest day whose horizon is over, by models of earlier days alone",
        (
            "A chance is about all customers like this one, and no promise about one of them",
            "It does not say what would keep somebody: that takes a group that is left alone",
        ),
    ),
    "recommendations": About(
        "Products for people, by a walk over who bought and viewed what (RP3β)",
        ("purchases", "views", "interests", "categories", "days since each"),
        "what up to 2,000 people bought in the latest window, a month at most, all products ranked",
        ("What nobody has seen yet is not recommended", "Lists are of the night they were made in"),
    ),
    "propensity": About(
        "How likely a session in progress is to lead to an order, from its first events (logistic regression)",
        ("kinds of events", "the last event", "device", "source", "seconds passed"),
        "the latest fifth of the sessions, of which nothing was learnt",
        ("Only sessions that have as many events are told of", "A chance is no reason to treat somebody otherwise"),
    ),
}


def cut_offs(model: ModelDocument) -> dict[str, object]:
    """Returns the days and spans by which what a model learnt is told from what it was judged on."""
    return {"data_to": model["details"]["as_of"], **dict(_of_details(model["details"])), **dict(_of_metrics(model))}


def _of_details(details: ModelDetails) -> Iterator[tuple[str, object]]:
    if "churn" in details:
        yield "horizon_days", details["churn"]["horizon_days"]
        yield "learnt_as_of", details["churn"]["learnt_as_of"]
    if "lifetime" in details:
        yield "forecast_days", details["lifetime"]["days"]


def _of_metrics(model: ModelDocument) -> Iterator[tuple[str, object]]:
    for name in ("judged_as_of", "held_out_days", "days"):
        if name in model["metrics"]:
            yield name, model["metrics"][name]
