"""How likely customers are not to buy within a horizon: candidates, of which the best on a later day is chosen."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.forecasts.churn_features import Known, known, left
from footfall.forecasts.churn_scorers import (
    AWAY,
    Buying,
    Line,
    LogOdds,
    Tree,
    Trees,
    histories_of,
    log_odds_of,
)
from footfall.forecasts.histories import DAYS_OF_A_WEEK
from footfall.forecasts.likelihood import NotFitted, Reals
from footfall.forecasts.pareto_nbd import ParetoNbd
from footfall.forecasts.scores import log_loss
from footfall.forecasts.trade_log import Ints, TradeLog, gaps, purchases_of
from footfall.schemas.model import ChurnKind

SEED = 20
FOLDS = 3
MOST_CUSTOMERS = 25_000
"""Of more customers, so many are drawn to learn from."""
MOST_HISTORIES = 10_000
FEWEST_GAPS = 30
FEWEST_OF_EACH = 50
"""Customers who left, and who stayed, without whom a day teaches nothing."""
SHARE_BACK = 0.8
SHORTEST, LONGEST = 7, 180
MOST_CUTOFFS = 3
SURE = 1e-4
"""No chance is nearer to 0 or 1 than this."""
ALIKE = 1e-9
"""A feature that differs by less is the same of everybody, and tells nothing."""
ALL_ALIKE = "all customers are alike"


class Sample(NamedTuple):
    """Rows to learn from: features of a customer on a day, and whether they left."""

    features: Reals
    left: NDArray[np.bool_]
    customer: Ints
    cutoff: Ints

    def of(self, chosen: NDArray[np.bool_]) -> "Sample":
        """Returns some of the rows."""
        return Sample(self.features[chosen], self.left[chosen], self.customer[chosen], self.cutoff[chosen])


class Calibrated(NamedTuple):
    """A fitted candidate, and the line that makes its log-odds true (Platt, 1999): `offset + slope · log-odds`."""

    log_odds: LogOdds
    slope: float
    offset: float
    loss: float

    def chances(self, features: Reals) -> Reals:
        """Returns how likely each is to churn, from 0 to 1."""
        return chance_of(self.calibrated(features))

    def calibrated(self, features: Reals) -> Reals:
        """Returns the log-odds that are true."""
        return self.offset + self.slope * self.log_odds(features)

    def saved(self) -> dict[str, object]:
        """Returns it as JSON, for `again`."""
        return {**self._asdict(), "log_odds": self.log_odds.saved()}

    @classmethod
    def again(cls, told: Mapping[str, Any]) -> "Calibrated":
        """Returns what `saved` made JSON of."""
        return cls(log_odds_of(told["log_odds"]), told["slope"], told["offset"], told["loss"])


def horizon_of(log: TradeLog, end: int) -> int | None:
    """Returns the days within which four of five customers who come back do; None where too little is known.

    They are at most a third of all days, so that there is a day to learn on, before one to judge on; `end` is the last.
    """
    between = gaps(purchases_of(log.orders))
    if len(between) < FEWEST_GAPS:
        return None
    watched = end - int(log.orders.day.min()) + 1
    horizon = min(int(np.quantile(between, SHARE_BACK)), LONGEST, watched // 3)
    return horizon if horizon >= SHORTEST else None


def cutoffs_of(log: TradeLog, end: int, horizon: int) -> list[int]:
    """Returns the days on which chances could have been told and are known by now, the latest first.

    The others are a whole horizon before it or more, so that what they teach was known on the latest.
    """
    latest, step = end + 1 - horizon, max(horizon // 4, 1)
    earliest = int(log.orders.day.min()) + horizon
    others = range(latest - horizon, earliest - 1, -step)
    return [latest, *others[:MOST_CUTOFFS]] if others else []


def sample_of(log: TradeLog, cutoff: int, horizon: int, asked: int | None = None) -> Sample:
    """Returns everybody, or as many as are learnt from, on one day: whether they left within the days `asked`.

    Without these it is asked of the horizon that their features go by.
    """
    found = drawn(known(log, cutoff, horizon))
    return Sample(
        found.features,
        left(log, found.customer, cutoff, horizon if asked is None else asked),
        found.customer,
        np.full(len(found.customer), cutoff),
    )


def drawn(found: Known, most: int = MOST_CUSTOMERS) -> Known:
    """Returns as many customers as are learnt from, drawn by chance, always the same."""
    if len(found.customer) <= most:
        return found
    rows = np.sort(np.random.default_rng(SEED).choice(len(found.customer), most, replace=False))
    return Known(found.customer[rows], found.features[rows])


def together(samples: list[Sample]) -> Sample:
    """Returns the rows of several days."""
    return Sample(*(np.concatenate(columns) for columns in zip(*samples, strict=True)))


def is_telling(sample: Sample) -> bool:
    """Returns whether enough customers left and enough stayed."""
    return FEWEST_OF_EACH <= int(sample.left.sum()) <= len(sample.left) - FEWEST_OF_EACH


def chance_of(log_odds: Reals) -> Reals:
    """Returns chances as log-odds say them, none quite sure."""
    found: Reals = np.clip(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))), SURE, 1 - SURE)
    return found


def by_recency(sample: Sample) -> Line:
    """Returns a logistic regression on the days since the last purchase alone."""
    return _line_on(sample, [AWAY])


def by_pareto_nbd(scored: Reals, horizon: int) -> Buying:
    """Returns what Pareto/NBD gives to no purchase within the horizon.

    It learns from the histories of those who are scored, and from nothing that came after.
    """
    some = drawn(Known(np.arange(len(scored)), scored), MOST_HISTORIES).features
    return Buying(dict(ParetoNbd.fit(histories_of(some)).parameters), horizon / DAYS_OF_A_WEEK)


def by_logistic(sample: Sample) -> Line:
    """Returns a logistic regression on all features."""
    return _line_on(sample, list(range(sample.features.shape[1])))


def _line_on(sample: Sample, columns: list[int]) -> Line:
    from sklearn.linear_model import LogisticRegression

    logs = np.log1p(sample.features[:, columns])
    mean, scale = logs.mean(axis=0), logs.std(axis=0)
    telling = scale > ALIKE
    if not telling.any():
        raise NotFitted(ALL_ALIKE)
    model = LogisticRegression(max_iter=2_000).fit((logs[:, telling] - mean[telling]) / scale[telling], sample.left)
    return Line(
        columns=[column for column, tells in zip(columns, telling, strict=True) if tells],
        mean=mean[telling].tolist(),
        scale=scale[telling].tolist(),
        weights=model.coef_[0].tolist(),
        offset=float(model.intercept_[0]),
    )


def by_boosting(sample: Sample) -> Trees:
    """Returns gradient boosted trees on all features."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    telling = np.flatnonzero(sample.features.std(axis=0) > ALIKE)
    if not len(telling):
        raise NotFitted(ALL_ALIKE)
    leaf = max(20, len(sample.left) // 500)
    trees = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.08, max_depth=4, min_samples_leaf=leaf, early_stopping=False, random_state=SEED
    )
    model = trees.fit(sample.features[:, telling], sample.left)
    # there is no public way to the trees of a boosted model
    found = [Tree.of(tree.nodes) for (tree,) in model._predictors]  # noqa: SLF001
    return Trees(telling.tolist(), float(model._baseline_prediction.item()), found)  # noqa: SLF001


# each by rows to learn from, by the features of those who are to be scored, and by the horizon
CANDIDATES: Mapping[ChurnKind, Callable[[Sample, Reals, int], LogOdds]] = {
    "recency": lambda sample, _, __: by_recency(sample),
    "pareto_nbd": lambda _, scored, horizon: by_pareto_nbd(scored, horizon),
    "logistic": lambda sample, _, __: by_logistic(sample),
    "boosting": lambda sample, _, __: by_boosting(sample),
}


def candidates(sample: Sample, scored: Reals, horizon: int) -> dict[ChurnKind, Calibrated]:
    """Returns the candidates that could be fitted and calibrated."""
    found = {kind: calibrated(kind, sample, scored, horizon) for kind in CANDIDATES}
    return {kind: each for kind, each in found.items() if each}


def calibrated(kind: ChurnKind, sample: Sample, scored: Reals, horizon: int) -> Calibrated | None:
    """Returns a candidate fitted on all rows; None where it cannot be fitted.

    It is calibrated on the latest day, each third of the customers by what the others taught, and `loss` is of there.
    """
    fit = CANDIDATES[kind]
    latest = sample.cutoff == sample.cutoff.max()
    fold = np.random.default_rng(SEED).permutation(int(sample.customer.max()) + 1)[sample.customer] % FOLDS
    foreseen = np.zeros(len(sample.left))
    try:
        for number in range(FOLDS):
            ours = latest & (fold == number)
            model = fit(sample.of(fold != number), sample.features[ours], horizon)
            foreseen[ours] = model(sample.features[ours])
        whole = fit(sample, scored, horizon)
    except NotFitted:
        return None
    slope, offset = _line(foreseen[latest], sample.left[latest])
    loss = log_loss(chance_of(offset + slope * foreseen[latest]), sample.left[latest])
    return Calibrated(whole, slope, offset, loss)


def _line(log_odds: Reals, came: NDArray[np.bool_]) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=1e6).fit(log_odds[:, None], came)
    return float(line.coef_[0][0]), float(line.intercept_[0])


def effects(model: Calibrated, features: Reals) -> Reals:
    """Returns by how much each feature moves each customer's log-odds, against having its median of all customers."""
    medians, base = np.median(features, axis=0), model.calibrated(features)
    moved = np.zeros_like(features)
    for column, median in enumerate(medians):
        if (features[:, column] != median).any():
            instead = features.copy()
            instead[:, column] = median
            moved[:, column] = base - model.calibrated(instead)
    return moved
