"""The model `behaviour_segments`: customers grouped by how they shop, and named after what is distinctive."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.customers.arrays import features_of_all, pack_texts, recency_of_all, unpack_texts
from footfall.customers.clusters import habits, stabilities
from footfall.customers.features import MEASURES, Features, measures, scale
from footfall.customers.traits import TRAITS, unique_names
from footfall.forecasts.bootstrap import intervals
from footfall.models.trained import Champion, Files, Fit, Judgement, Trained
from footfall.schemas.customer import BehaviourSegmentFields
from footfall.schemas.model import BehaviourSegment

COUNTS = range(3, 8)
FEWEST_CUSTOMERS = 30
SAMPLE = 2_000
MOST_DEVIATION = 3.0
SEED = 20
EVERYBODY = "All customers"
"""The segment of too few customers to tell apart."""
EVENING = [f"hour:{hour}" for hour in range(18, 24)]
WEEKEND = ["weekday:5", "weekday:6"]
MOBILE = ["device:Mobile", "device:Tablet"]


class Measure(NamedTuple):
    """What traits are measured in: the mean and the standard deviation of each, of the customers it was fitted on."""

    means: NDArray[np.float64]
    scales: NDArray[np.float64]

    def standard(self, traits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns traits in standard deviations from the mean; missing is average, and extremes are cut."""
        return np.clip(np.nan_to_num((traits - self.means) / self.scales, nan=0.0), -MOST_DEVIATION, MOST_DEVIATION)


class Grouping(NamedTuple):
    """Each customer's segment by number, the segments, and how well they are apart (mean silhouette, -1 to 1).

    The `centres` are of the segments, and `standard` the customers, measured by `measure`.
    """

    labels: NDArray[np.int32]
    segments: list[BehaviourSegment]
    silhouette: float
    measure: Measure
    centres: NDArray[np.float64]
    standard: NDArray[np.float64]


def fit(extracted: Files) -> Fit:
    """Returns the segments, and which of them each customer is in."""
    customers, recency = _customers(extracted)
    grouping = group(customers, recency)
    parameters = {
        "means": grouping.measure.means.tolist(),
        "scales": grouping.measure.scales.tolist(),
        "centres": grouping.centres.tolist(),
    }
    found = _made(customers, grouping.labels, grouping.segments, grouping.standard)
    return replace(found, parameters=parameters)


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns in which of the champion's segments each customer is: the one whose centre is nearest."""
    customers, recency = _customers(extracted)
    measure = Measure(*(np.array(champion.parameters[name]) for name in ("means", "scales")))
    standard = measure.standard(_traits(customers, recency))
    centres = np.array(champion.parameters["centres"]).reshape(-1, len(TRAITS))
    labels = nearest(standard, centres)
    sizes = np.bincount(labels, minlength=len(centres)).tolist()
    before = champion.details["segments"]
    segments = [BehaviourSegment(**{**each, "customers": size}) for each, size in zip(before, sizes, strict=True)]
    return _made(customers, labels, segments, standard)


def nearest(standard: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int32]:
    """Returns for each row the number of the centre that is nearest to it, the first of several that are."""
    if not len(centres):
        return np.zeros(len(standard), np.int32)
    off = np.stack([((standard - centre) ** 2).sum(axis=1) for centre in centres])
    return off.argmin(axis=0).astype(np.int32)


def _customers(extracted: Files) -> tuple[Features, NDArray[np.float64]]:
    arrays = extracted["features"]
    return features_of_all(arrays).of_rows(arrays["customer"]), recency_of_all(arrays)[arrays["customer"]]


def _made(
    customers: Features,
    labels: NDArray[np.int32],
    segments: list[BehaviourSegment],
    standard: NDArray[np.float64],
) -> Fit:
    for number, segment in enumerate(segments):
        segment["habits"] = habits(customers, labels, number)
    names = pack_texts([segment["name"] for segment in segments] or [EVERYBODY])
    apart = _silhouettes(standard, labels)
    return Fit(
        work={"segments": {"label": labels, "names": names}},
        details={"segments": segments},
        figures={
            "segments": len(segments),
            "silhouette": round(float(apart.mean()), 4) if len(apart) else 0.0,
            "intervals": intervals({"silhouette": lambda rows: float(apart[rows].mean())}, len(apart)),
        },
    )


def judge(trained: Trained) -> Judgement:
    """Returns how many segments there are, and how well they are apart; nothing is held against them."""
    return Judgement(trained.figures)


def fields(trained: Trained, those: slice) -> Iterator[BehaviourSegmentFields]:
    """Returns some customers' segment."""
    arrays = trained.work["segments"]
    names = unpack_texts(arrays["names"])
    return (BehaviourSegmentFields(behaviour_segment=names[label]) for label in arrays["label"][those].tolist())


def group(features: Features, recency: NDArray[np.float64]) -> Grouping:
    """Group customers; of 3 to 7 groups that number which sets them apart best. Too few customers are one group.

    The same customers always give the same segments.
    """
    traits = _traits(features, recency)
    measure = Measure(*scale(traits))
    standard = measure.standard(traits)
    labels, silhouette = _best_grouping(standard)
    centres = [standard[labels == number].mean(axis=0) for number in range(labels.max(initial=-1) + 1)]
    deviations = [dict(zip(TRAITS, centre.round(2).tolist(), strict=True)) for centre in centres]
    names = unique_names(deviations) if len(centres) > 1 else [EVERYBODY][: len(centres)]
    sizes = np.bincount(labels, minlength=len(centres)).tolist()
    segments = [
        BehaviourSegment(name=name, customers=size, deviations=found)
        for name, size, found in zip(names, sizes, deviations, strict=True)
    ]
    if len(centres) > 1:
        for segment, stability in zip(segments, _stabilities(standard, labels), strict=True):
            segment["stability"] = stability
    return Grouping(labels, segments, silhouette, measure, np.array(centres), standard)


def _traits(features: Features, recency: NDArray[np.float64]) -> NDArray[np.float64]:
    # a column for each of TRAITS; what a customer has nothing of is missing (NaN)
    named = dict(zip(MEASURES, measures(features.sums(), recency).T, strict=True))
    named["evening"] = features.shares(EVENING, "hour")
    named["weekend"] = features.shares(WEEKEND, "weekday")
    named["mobile"] = np.where(features.sums()[:, 0] > 0, features.shares(MOBILE, "device"), np.nan)
    return np.column_stack([named[trait] for trait in TRAITS])


def _stabilities(standard: NDArray[np.float64], labels: NDArray[np.int32]) -> list[float]:
    from sklearn.cluster import KMeans

    sample = np.random.default_rng(SEED).permutation(len(labels))[:SAMPLE]
    count = int(labels.max()) + 1

    def group_anew(rows: NDArray[np.intp]) -> NDArray[np.int32]:
        found: NDArray[np.int32] = KMeans(count, n_init=2, random_state=SEED).fit_predict(standard[sample[rows]])
        return found

    with _one_thread():
        return stabilities(labels[sample], group_anew, SEED)


@contextmanager
def _one_thread() -> Iterator[None]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "openmp"):  # some thousand rows are not worth threads, which wait for one another busily
        yield


def _best_grouping(standard: NDArray[np.float64]) -> tuple[NDArray[np.int32], float]:
    from sklearn.cluster import KMeans  # fit alone has scikit-learn in its layers

    best = np.zeros(len(standard), np.int32), 0.0
    if len(standard) < FEWEST_CUSTOMERS:
        return best
    different = len(np.unique(standard, axis=0))
    with _one_thread():
        for count in (count for count in COUNTS if count < different):
            labels = KMeans(count, n_init=5, random_state=SEED).fit_predict(standard)
            score = _apart(standard, labels)
            if score > best[1]:
                best = labels.astype(np.int32), score
    return best


def _apart(standard: NDArray[np.float64], labels: NDArray[np.int32]) -> float:
    found = _silhouettes(standard, labels)
    return float(found.mean()) if len(found) else 0.0


def _silhouettes(standard: NDArray[np.float64], labels: NDArray[np.int32]) -> NDArray[np.float64]:
    # of some customers; of nobody where these are in one group
    from sklearn.metrics import silhouette_samples

    sample = np.random.default_rng(SEED).permutation(len(labels))[:SAMPLE]
    if not 1 < len(np.unique(labels[sample])) < len(sample):
        return np.zeros(0)
    found: NDArray[np.float64] = silhouette_samples(standard[sample], labels[sample])
    return found
