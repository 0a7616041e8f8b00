"""Scorers of a session's chance of an order, each fitted, calibrated and compared on later sessions than the last part.

Sessions are taken in the order in which they began: of the first three fifths weights are learnt, by the next fifth
the chances are calibrated (Platt, Probabilistic outputs for support vector machines, 1999), the last fifth tells how
good they are. What is judged is what is served: nothing is fitted again afterwards.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from footfall.customers.arrays import Arrays
from footfall.forecasts.bootstrap import intervals
from footfall.forecasts.scores import auc, brier
from footfall.propensity.chain import Chain
from footfall.propensity.columns import (
    NEVER,
    Floats,
    Integers,
    Names,
    Sessions,
    features,
    scorer,
    sessions_of,
    weights_of,
)
from footfall.propensity.judging import Interval, Measures, calibration, calibration_error, figures, gain, losses
from footfall.propensity.scoring import AFTER
from footfall.schemas.model import Figures, PropensityDetails, Scorer

LEARN, CALIBRATE = 0.6, 0.8
FEWEST = {"learn": 50, "calibrate": 20, "judge": 20}
"""So many sessions with an order, and so many without, a part must have."""
MOST_STEPS = 1_000
DIGITS = 6
SHOWN_AFTER = 5
"""After so many events is what is told first of a model."""
BASE_RATE, PAGE_CHAIN = "base_rate", "page_chain"


class Learnt(NamedTuple):
    """What a model tells its readers, and how good it was."""

    details: PropensityDetails
    figures: Figures


class Judged(NamedTuple):
    """A scorer after so many events, where one could be fitted; why it is not served, if so; and how good it was."""

    scorer: Scorer | None
    reason: str | None
    figures: Figures


class Parts(NamedTuple):
    """The sessions that a scorer is learnt from, calibrated by and judged by."""

    learn: Integers
    calibrate: Integers
    judge: Integers


def found(arrays: Arrays) -> Learnt:
    """Returns the scorers after each number of events that are better than both baselines."""
    sessions = sessions_of(arrays)
    judged = {events: _judged(sessions, events) for events in AFTER}
    served = [each.scorer for each in judged.values() if each.scorer and each.reason is None]
    reasons = [f"after {events} events {each.reason}" for events, each in judged.items() if each.reason]
    reason = None if served else f"no chances are told: {'; '.join(reasons)}"
    return _told(sessions, PropensityDetails(scorers=served, degraded=not served, reason=reason), judged)


def found_again(arrays: Arrays, details: PropensityDetails) -> Learnt:
    """Returns scorers that were learnt earlier, and how good each is on the latest part of the sessions by now.

    They had learnt from sessions that were in the parts before it already, and from none since.
    """
    sessions = sessions_of(arrays)
    judged = {scorer["events"]: _judged_again(sessions, scorer) for scorer in details["scorers"]}
    return _told(sessions, details, judged)


def _judged_again(sessions: Sessions, scorer: Scorer) -> Judged:
    events = scorer["events"]
    parts, happened = _parts(sessions, events), sessions.ordered != NEVER
    few = _too_few(parts, happened)
    return Judged(scorer, None, {}) if few else _compared(sessions, parts, happened, events, _Fitted.again(scorer))


def _told(sessions: Sessions, details: PropensityDetails, judged: Mapping[int, Judged]) -> Learnt:
    served = {scorer["events"] for scorer in details["scorers"]}
    by_events = [{"events": events, "served": events in served, **each.figures} for events, each in judged.items()]
    shown = judged[SHOWN_AFTER].figures if SHOWN_AFTER in judged else Figures()
    told: Figures = {"sessions": len(sessions.ordered), "scorers": len(served), **shown}
    return Learnt(details, {**told, "by_events": by_events})


def _judged(sessions: Sessions, events: int) -> Judged:
    parts, happened = _parts(sessions, events), sessions.ordered != NEVER
    few = _too_few(parts, happened)
    if few:
        return Judged(None, few, {})
    fitted = _fitted(sessions, parts, happened, events)
    if fitted is None:
        return Judged(None, "the weights did not converge", {})
    return _compared(sessions, parts, happened, events, fitted)


def _compared(sessions: Sessions, parts: Parts, happened: NDArray[np.bool_], events: int, fitted: "_Fitted") -> Judged:
    chances, ours = _chances(sessions, parts.judge, events, fitted), happened[parts.judge]
    baselines = _baselines(sessions, parts, happened, events)
    gains = {name: gain(chances, others, ours) for name, others in baselines.items()}
    good, others = figures(chances, ours), {name: figures(each, ours) for name, each in baselines.items()}
    better = {name for name in gains if gains[name].low > 0 and _ahead(good, others[name])}
    worse = [name for name in gains if name not in better]
    told: Figures = {
        "judged_by": len(ours),
        "ordered": int(ours.sum()),
        **good,
        "intervals": _intervals(chances, ours),
        "calibration_error": round(calibration_error(chances, ours), 5),
        "baselines": others,
        "gains": {name: _rounded(each) for name, each in gains.items()},
        "calibration": calibration(chances, ours),
    }
    return Judged(fitted.scorer, f"they are not surely better than {' and '.join(worse)}" if worse else None, told)


def _intervals(chances: Floats, happened: NDArray[np.bool_]) -> dict[str, list[float]]:
    lost = losses(chances, happened)
    return intervals(
        {
            "auc": lambda rows: auc(chances[rows], happened[rows]),
            "brier": lambda rows: brier(chances[rows], happened[rows]),
            "log_loss": lambda rows: float(lost[rows].mean()),
        },
        len(happened),
        digits=5,
    )


def _parts(sessions: Sessions, events: int) -> Parts:
    # by the same moments, whatever number of events is looked at
    those, count = sessions.open_after(events), len(sessions.ordered)
    ends = np.searchsorted(those, [int(count * LEARN), int(count * CALIBRATE)])
    return Parts._make(np.split(those, ends))


def _too_few(parts: Parts, happened: NDArray[np.bool_]) -> str | None:
    for name, those in parts._asdict().items():
        ordered = int(happened[those].sum())
        if min(ordered, len(those) - ordered) < FEWEST[name]:
            return f"{ordered} of {len(those)} sessions to {name} by ordered, {FEWEST[name]} of either kind are needed"
    return None


class _Fitted(NamedTuple):
    scorer: Scorer
    names: Names
    intercept: float
    weights: Floats

    @classmethod
    def again(cls, scorer: Scorer) -> "_Fitted":
        return cls(scorer, *weights_of(scorer))


def _fitted(sessions: Sessions, parts: Parts, happened: NDArray[np.bool_], events: int) -> _Fitted | None:
    names = Names.of(parts.learn, sessions, events)
    learnt = LogisticRegression(max_iter=MOST_STEPS)
    learnt.fit(features(sessions, parts.learn, events, names), happened[parts.learn])
    logits = learnt.decision_function(features(sessions, parts.calibrate, events, names))
    turned = LogisticRegression(max_iter=MOST_STEPS, C=1e6)
    turned.fit(logits[:, None], happened[parts.calibrate])
    if max(learnt.n_iter_[0], turned.n_iter_[0]) >= MOST_STEPS:
        return None
    slope, shift = float(turned.coef_[0, 0]), float(turned.intercept_[0])
    weights = np.round(slope * learnt.coef_[0], DIGITS)
    intercept = round(slope * float(learnt.intercept_[0]) + shift, DIGITS)
    return _Fitted(scorer(events, names, intercept, weights), names, intercept, weights)


def _chances(sessions: Sessions, those: Integers, events: int, fitted: _Fitted) -> Floats:
    logits = features(sessions, those, events, fitted.names) @ fitted.weights + fitted.intercept
    found: Floats = 1 / (1 + np.exp(-logits))
    return found


def _baselines(sessions: Sessions, parts: Parts, happened: NDArray[np.bool_], events: int) -> Mapping[str, Floats]:
    # learnt from all that comes before what is judged
    before = np.concatenate([parts.learn, parts.calibrate])
    rate = float(happened[before].mean())
    chain = Chain(sessions, before, rate)
    return {BASE_RATE: np.full(len(parts.judge), rate), PAGE_CHAIN: chain.after(parts.judge, events)}


def _ahead(ours: Measures, others: Measures) -> bool:
    return ours["brier"] < others["brier"] and ours["auc"] > others["auc"]


def _rounded(interval: Interval) -> dict[str, float]:
    return {name: round(value, 5) for name, value in interval._asdict().items()}
