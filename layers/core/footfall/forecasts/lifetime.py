"""What customers are expected to bring: how often they buy again, times what a purchase of theirs is worth.

Money is in minor units, net of refunds. A purchase is a day with one or more orders.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from footfall.forecasts.bg_nbd import BgNbd
from footfall.forecasts.gamma_gamma import GammaGamma
from footfall.forecasts.histories import DAYS_OF_A_WEEK, Histories, histories
from footfall.forecasts.likelihood import Found, NotFitted, Reals
from footfall.forecasts.pareto_nbd import ParetoNbd
from footfall.forecasts.trade_log import Ints, TradeLog, standing
from footfall.schemas.model import LifetimeKind

SEED = 20
DAYS = 365
FEWEST_CUSTOMERS = 100
FEWEST_WHO_CAME_BACK = 30
MOST_FITTED = 10_000
"""Of more customers, so many are drawn to fit on."""
DRAWS = 400
AT_A_TIME = 5_000
WITHIN = 0.9
"""How many of ten outcomes an interval holds."""
LIKELY = 0.5


class Buying(Protocol):
    """A fitted model of when customers buy."""

    def alive(self, seen: Histories) -> Reals:
        """Returns how likely each customer is still one, from 0 to 1."""

    def purchases_if_alive(self, seen: Histories, weeks: float) -> Reals:
        """Returns how many purchases each is expected to make in the next weeks if still a customer."""

    def buys_if_alive(self, seen: Histories, weeks: Reals) -> Reals:
        """Returns how likely each is to buy within the next weeks, a number for each, if still a customer."""

    def drawn_if_alive(self, seen: Histories, weeks: float, random: np.random.Generator, draws: int) -> Reals:
        """Returns purchases in the next weeks of each if still a customer, a row of draws for each."""


class Customers(NamedTuple):
    """Everybody who had bought by a day: their numbers, histories, purchases, and the mean net worth of one."""

    customer: Ints
    seen: Histories
    purchases: Reals
    worth: Reals

    def of(self, rows: Ints) -> "Customers":
        """Returns some of them."""
        seen = Histories(*(column[rows] for column in self.seen))
        return Customers(self.customer[rows], seen, self.purchases[rows], self.worth[rows])


class Learnt(NamedTuple):
    """Models that could be fitted, what was found of each, and why others could not; `mean_*` are of everybody."""

    buying: Mapping[LifetimeKind, Buying]
    spending: GammaGamma | None
    found: Mapping[str, Found]
    problems: Mapping[str, str]
    mean_rate: float
    mean_worth: float


class Forecast(NamedTuple):
    """What is expected of each customer within some days; `purchases` and `value` also `if_alive`."""

    purchases: Reals
    value: Reals
    value_if_alive: Reals
    alive: Reals | None


class Interval(NamedTuple):
    """Between which values nine of ten outcomes are expected, for each customer."""

    low: Reals
    high: Reals


def customers_by(log: TradeLog, end: int) -> Customers:
    """Returns everybody who had bought by the end of a day."""
    found = standing(log.before(end + 1))
    customer = np.flatnonzero(found.purchases)
    purchases, first, last, net = (column[customer] for column in (found.purchases, found.first, found.last, found.net))
    return Customers(customer, histories(purchases, first, last, end), purchases.astype(np.float64), net / purchases)


def learn(known: Customers) -> Learnt:
    """Returns the models that these customers teach; of too few, none."""
    some = known.of(_drawn(len(known.customer)))
    buying: dict[LifetimeKind, Buying] = {}
    found: dict[str, Found] = {}
    problems: dict[str, str] = {}
    spending: GammaGamma | None = None
    try:
        _check(known)
        paid = some.worth > 0
        found["gamma_gamma"] = GammaGamma.fit(some.purchases[paid], some.worth[paid]).settled()
        spending = GammaGamma.of(found["gamma_gamma"].parameters)
    except NotFitted as problem:
        problems["gamma_gamma"] = str(problem)
    for kind, model in _MODELS.items():
        try:
            _check(known)
            fitted = model.fit(some.seen)
            # where nobody seems to leave, a parameter grows without end: what BG/NBD foresees is near its limit then
            settled = fitted if kind == STANDING_IN else fitted.settled()
            buying[kind] = _foreseeing(model.of(settled.parameters), some)
            found[kind] = settled
        except NotFitted as problem:
            problems[kind] = str(problem)
    watched, purchases = float(known.seen.watched.sum()), float(known.purchases.sum())
    return Learnt(
        buying,
        spending,
        found,
        problems,
        float(known.seen.repeats.sum()) / watched if watched else 0.0,
        float((known.worth * known.purchases).sum()) / purchases if purchases else 0.0,
    )


def saved(learnt: Learnt) -> dict[str, object]:
    """Returns what was learnt as JSON, for `learnt_again`."""
    models = {name: [dict(found.parameters), found.log_likelihood] for name, found in learnt.found.items()}
    return {"models": models, "mean_rate": learnt.mean_rate, "mean_worth": learnt.mean_worth}


def learnt_again(told: Mapping[str, Any]) -> Learnt:
    """Returns what `saved` made JSON of."""
    found = {name: Found(parameters, likelihood) for name, (parameters, likelihood) in told["models"].items()}
    buying = {kind: model.of(found[kind].parameters) for kind, model in _MODELS.items() if kind in found}
    spending = GammaGamma.of(found["gamma_gamma"].parameters) if "gamma_gamma" in found else None
    return Learnt(buying, spending, found, {}, told["mean_rate"], told["mean_worth"])


STANDING_IN: LifetimeKind = "bg_nbd"
_MODELS: Mapping[LifetimeKind, type[ParetoNbd] | type[BgNbd]] = {"pareto_nbd": ParetoNbd, "bg_nbd": BgNbd}


def _foreseeing(model: Buying, known: Customers) -> Buying:
    # parameters that grow without end may leave no number
    if not np.isfinite(model.purchases_if_alive(known.seen, DAYS / DAYS_OF_A_WEEK)).all():
        raise NotFitted("what it foresees is no number: its parameters grow without end")
    return model


def _drawn(customers: int) -> Ints:
    if customers <= MOST_FITTED:
        return np.arange(customers)
    return np.sort(np.random.default_rng(SEED).choice(customers, MOST_FITTED, replace=False))


def _check(known: Customers) -> None:
    if len(known.customer) < FEWEST_CUSTOMERS:
        raise NotFitted(f"fewer than {FEWEST_CUSTOMERS} customers")
    if int((known.seen.repeats > 0).sum()) < FEWEST_WHO_CAME_BACK:
        raise NotFitted(f"fewer than {FEWEST_WHO_CAME_BACK} customers who bought again")


def forecast(learnt: Learnt, kind: LifetimeKind, known: Customers, days: int) -> Forecast:
    """Returns what customers are expected to bring within the next days; `pooled` expects as much of everybody."""
    weeks = days / DAYS_OF_A_WEEK
    if kind == "pooled":
        purchases = np.full(len(known.customer), learnt.mean_rate * weeks)
        value = purchases * learnt.mean_worth
        return Forecast(purchases, value, value, None)
    model = learnt.buying[kind]
    alive, if_alive = model.alive(known.seen), model.purchases_if_alive(known.seen, weeks)
    worth = worth_of(learnt, known)
    return Forecast(alive * if_alive, alive * if_alive * worth, if_alive * worth, alive)


def worth_of(learnt: Learnt, known: Customers) -> Reals:
    """Returns what the next purchase of each is expected to be worth; without a model the mean of all purchases."""
    if learnt.spending is None:
        return np.full(len(known.customer), learnt.mean_worth)
    return learnt.spending.expected(known.purchases, known.worth)


def interval(learnt: Learnt, kind: LifetimeKind, known: Customers, days: int) -> Interval | None:
    """Returns between which values nine of ten outcomes are, of four hundred that are drawn; None without models.

    It knows what chance does, and nothing of how sure the models' parameters are.
    """
    if kind == "pooled" or learnt.spending is None:
        return None
    random = np.random.default_rng(SEED)
    edges = range(0, len(known.customer), AT_A_TIME)
    parts = [known.of(np.arange(edge, min(edge + AT_A_TIME, len(known.customer)))) for edge in edges]
    found = [_quantiles(learnt.buying[kind], learnt.spending, part, days, random) for part in parts]
    return Interval(*np.concatenate(found, axis=1)) if found else Interval(np.zeros(0), np.zeros(0))


def _quantiles(model: Buying, spending: GammaGamma, known: Customers, days: int, random: np.random.Generator) -> Reals:
    counts = model.drawn_if_alive(known.seen, days / DAYS_OF_A_WEEK, random, DRAWS)
    counts *= random.random(counts.shape) < model.alive(known.seen)[:, None]
    money = spending.drawn(known.purchases, known.worth, counts, random)
    found: Reals = np.quantile(money, [(1 - WITHIN) / 2, (1 + WITHIN) / 2], axis=1)
    return found


def days_to_next(model: Buying, known: Customers) -> Reals:
    """Returns the days within which each is as likely as not to buy again; NaN where those are more than a year."""
    alive = model.alive(known.seen)

    def likely(days: Reals) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return alive * model.buys_if_alive(known.seen, days / DAYS_OF_A_WEEK) >= LIKELY

    low, high = np.zeros(len(alive)), np.full(len(alive), float(DAYS))
    ever = likely(high)
    for _ in range(DAYS.bit_length()):
        middle = np.floor((low + high) / 2)
        found = likely(middle)
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return np.where(ever, high, np.nan)
