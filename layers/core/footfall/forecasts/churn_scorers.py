"""Fitted ways to tell log-odds to churn from rows of features: each can be saved as JSON, and be had again from it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from footfall.forecasts.histories import DAYS_OF_A_WEEK, Histories
from footfall.forecasts.likelihood import Reals
from footfall.forecasts.pareto_nbd import ParetoNbd
from footfall.schemas.customer import CHURN_FEATURES

AWAY, SINCE_FIRST, PURCHASES = (
    CHURN_FEATURES.index(name) for name in ("days_since_purchase", "days_since_first_purchase", "purchases")
)
TINY = 1e-6


class LogOdds(Protocol):
    """Takes rows of features, and returns the log-odds of each to churn."""

    def __call__(self, features: Reals) -> Reals:
        """Returns the log-odds of each row."""

    def saved(self) -> dict[str, object]:
        """Returns it as JSON, for `log_odds_of`."""


@dataclass(frozen=True)
class Line:
    """A logistic regression on the logarithms of some columns: `offset + weights · (log(1 + x) - mean) / scale`."""

    columns: list[int]
    mean: list[float]
    scale: list[float]
    weights: list[float]
    offset: float

    def __call__(self, features: Reals) -> Reals:
        """Returns the log-odds of each row."""
        logs = np.log1p(features[:, self.columns])
        found: Reals = (logs - self.mean) / self.scale @ np.array(self.weights) + self.offset
        return found

    def saved(self) -> dict[str, object]:
        """Returns it as JSON."""
        return {"form": "line", **asdict(self)}


@dataclass(frozen=True)
class Buying:
    """What Pareto/NBD gives to no purchase within some weeks."""

    parameters: dict[str, float]
    weeks: float

    def __call__(self, features: Reals) -> Reals:
        """Returns the log-odds of each row."""
        model, seen = ParetoNbd.of(self.parameters), histories_of(features)
        buys = model.alive(seen) * model.buys_if_alive(seen, np.full(len(features), self.weeks))
        kept: Reals = np.clip(buys, TINY, 1 - TINY)
        return np.log((1 - kept) / kept)

    def saved(self) -> dict[str, object]:
        """Returns it as JSON."""
        return {"form": "buying", **asdict(self)}


@dataclass(frozen=True)
class Tree:
    """One tree, by its nodes, the first being the root: a row goes `left` where its column is at most the threshold.

    A node that is its own left is a leaf, and its value counts.
    """

    column: NDArray[np.int64]
    threshold: Reals
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Reals

    @classmethod
    def of(cls, nodes: Mapping[str, Any]) -> Self:
        """Returns the tree of the nodes of a boosted tree of scikit-learn."""
        leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes["value"]))
        return cls(
            column=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
            threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
            left=np.where(leaf, own, nodes["left"].astype(np.int64)),
            right=np.where(leaf, own, nodes["right"].astype(np.int64)),
            value=np.asarray(nodes["value"], np.float64),
        )

    @classmethod
    def again(cls, told: Mapping[str, list[float]]) -> Self:
        """Returns the tree that `saved` told of."""
        whole = {name: np.array(told[name], np.int64) for name in ("column", "left", "right")}
        return cls(**whole, threshold=np.array(told["threshold"]), value=np.array(told["value"]))

    def __call__(self, features: Reals) -> Reals:
        """Returns the value of each row."""
        rows, node = np.arange(len(features)), np.zeros(len(features), np.int64)
        while True:
            below = features[rows, self.column[node]] <= self.threshold[node]
            following = np.where(below, self.left[node], self.right[node])
            if (following == node).all():
                found: Reals = self.value[node]
                return found
            node = following

    def saved(self) -> dict[str, list[float]]:
        """Returns it as JSON."""
        return {name: column.tolist() for name, column in vars(self).items()}


@dataclass(frozen=True)
class Trees:
    """Gradient boosted trees on some columns: what they say together, from a `base` on."""

    columns: list[int]
    base: float
    trees: list[Tree]

    def __call__(self, features: Reals) -> Reals:
        """Returns the log-odds of each row."""
        some, found = np.ascontiguousarray(features[:, self.columns]), np.full(len(features), self.base)
        for tree in self.trees:
            found += tree(some)
        return found

    def saved(self) -> dict[str, object]:
        """Returns it as JSON."""
        trees = [tree.saved() for tree in self.trees]
        return {"form": "trees", "columns": self.columns, "base": self.base, "trees": trees}


def log_odds_of(told: Mapping[str, Any]) -> LogOdds:
    """Returns what `saved` of any of them made JSON of."""
    given, form = {name: value for name, value in told.items() if name != "form"}, told["form"]
    if form == "line":
        return Line(**given)
    if form == "buying":
        return Buying(**given)
    return Trees(given["columns"], given["base"], [Tree.again(each) for each in given["trees"]])


def histories_of(features: Reals) -> Histories:
    """Returns the histories that rows of features tell of."""
    watched = np.maximum(features[:, SINCE_FIRST] - 1, 0)
    last = np.maximum(features[:, SINCE_FIRST] - features[:, AWAY], 0)
    return Histories(features[:, PURCHASES] - 1, np.minimum(last, watched) / DAYS_OF_A_WEEK, watched / DAYS_OF_A_WEEK)
