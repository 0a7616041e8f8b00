"""The model `behaviour_segments`: customers grouped by how they shop, and named after what is distinctive."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.customers.arrays import features_of_all, pack_texts, recency_of_all, unpack_texts
from footfall.customers.clusters import habits, stabilities
from footfall.customers.features import MEASURES, Features, measures, scale
from footfall.customers.traits import TRAITS, unique_names
from footfall.models.trained import Files, Fit, Judgement, Trained
from footfall.schemas.customer import BehaviourSegmentFields
from footfall.schemas.model import BehaviourSegment

COUNTS = range(3, 8)
FEWEST_CUSTOMERS = 30
SAMPLE = 2_000
MOST_DEVIATION = 3.0
SEED = 20
EVENING = [f"hour:{hour}" for hour in range(18, 24)]
WEEKEND = ["weekday:5", "weekday:6"]
MOBILE = ["device:Mobile", "device:Tablet"]


class Grouping(NamedTuple):
    """Each customer's segment by number, the segments, and how well they are apart (mean silhouette, -1 to 1)."""

    labels: NDArray[np.int32]
    segments: list[BehaviourSegment]
    silhouette: float


def fit(extracted: Files) -> Fit:
    """Returns the segments, and which of them each customer is in."""
    arrays = extracted["features"]
    customers = features_of_all(arrays).of_rows(arrays["customer"])
    grouping = group(customers, recency_of_all(arrays)[arrays["customer"]])
    for number, segment in enumerate(grouping.segments):
        segment["habits"] = habits(customers, grouping.labels, number)
    names = pack_texts([segment["name"] for segment in grouping.segments])
    return Fit(
        work={"segments": {"label": grouping.labels, "names": names}},
        details={"segments": grouping.segments},
        figures={"segments": len(grouping.segments), "silhouette": round(grouping.silhouette, 4)},
    )


def judge(trained: Trained) -> Judgement:
    """Returns how many segments there are, and how well they are apart; nothing is held against them."""
    return Judgement(trained.figures)


def fields(trained: Trained) -> Iterator[BehaviourSegmentFields]:
    """Returns each customer's segment."""
    arrays = trained.work["segments"]
    names = unpack_texts(arrays["names"])
    return (BehaviourSegmentFields(behaviour_segment=names[label]) for label in arrays["label"].tolist())


def group(features: Features, recency: NDArray[np.float64]) -> Grouping:
    """Group customers; of 3 to 7 groups that number which sets them apart best. Too few customers are one group.

    The same customers always give the same segments.
    """
    standard = _standard(_traits(features, recency))
    labels, silhouette = _best_grouping(standard)
    centres = [standard[labels == number].mean(axis=0) for number in range(labels.max(initial=-1) + 1)]
    deviations = [dict(zip(TRAITS, centre.round(2).tolist(), strict=True)) for centre in centres]
    names = unique_names(deviations) if len(centres) > 1 else ["All customers"][: len(centres)]
    sizes = np.bincount(labels, minlength=len(centres)).tolist()
    segments = [
        BehaviourSegment(name=name, customers=size, deviations=found)
        for name, size, found in zip(names, sizes, deviations, strict=True)
    ]
    if len(centres) > 1:
        for segment, stability in zip(segments, _stabilities(standard, labels), strict=True):
            segment["stability"] = stability
    return Grouping(labels, segments, silhouette)


def _traits(features: Features, recency: NDArray[np.float64]) -> NDArray[np.float64]:
    # a column for each of TRAITS; what a customer has nothing of is missing (NaN)
    named = dict(zip(MEASURES, measures(features.sums(), recency).T, strict=True))
    named["evening"] = features.shares(EVENING, "hour")
    named["weekend"] = features.shares(WEEKEND, "weekday")
    named["mobile"] = np.where(features.sums()[:, 0] > 0, features.shares(MOBILE, "device"), np.nan)
    return np.column_stack([named[trait] for trait in TRAITS])


def _standard(traits: NDArray[np.float64]) -> NDArray[np.float64]:
    # in standard deviations from the mean; missing is average, and extremes are cut
    means, scales = scale(traits)
    return np.clip(np.nan_to_num((traits - means) / scales, nan=0.0), -MOST_DEVIATION, MOST_DEVIATION)


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
    # fit alone has scikit-learn in its layers
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    best = np.zeros(len(standard), np.int32), 0.0
    if len(standard) < FEWEST_CUSTOMERS:
        return best
    different = len(np.unique(standard, axis=0))
    sample = min(SAMPLE, len(standard))
    with _one_thread():
        for count in (count for count in COUNTS if count < different):
            labels = KMeans(count, n_init=5, random_state=SEED).fit_predict(standard)
            score = float(silhouette_score(standard, labels, sample_size=sample, random_state=SEED))
            if score > best[1]:
                best = labels.astype(np.int32), score
    return best
