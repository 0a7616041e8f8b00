"""Settings of the walk, tried on what people bought later, and what they are worth on what was bought later still."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from footfall.recommendations.edges import Edges, Ints
from footfall.recommendations.numbered import NONE
from footfall.recommendations.ranking import AT, Quality, quality
from footfall.recommendations.sparse import ranked, without
from footfall.recommendations.walk import Settings, Walk, fit_walk, scores_of

LONGEST = 30
PARTS = 5
"""A window is a fifth of what is known, a month at most."""
MOST_PEOPLE = 2_000
"""Who is judged by."""
MOST_FITTED = 20_000
"""Who the walk is tried on."""
SEED = 20
TRIED: Mapping[str, Sequence[float]] = {
    "repeat": (False,),
    "again": (0.0, 1.0, 2.0),
    "half_life": (30.0, 60.0, 120.0, 365.0),
    "beta": (0.2, 0.6, 0.8),
    "alpha": (0.6, 1.0),
    "viewed": (0.1, 1.0),
    "interest": (0.01, 0.3),
}
"""What is tried of each setting instead of the one that is best so far, one setting after the other."""


class Trial(NamedTuple):
    """What was known before a day, who of those that are known then bought something, and what."""

    known: Edges
    as_of: int
    people: Ints
    truth: csr_array


class Windows(NamedTuple):
    """The trial that settings are chosen by, the later one that they are judged by, and the days that each lasts."""

    choosing: Trial
    judging: Trial
    days: int


def windows_of(edges: Edges) -> Windows:
    """Returns the two windows at the end of what is known."""
    first, last = edges.span
    days = max(min((last - first + 1) // PARTS, LONGEST), 1)
    return Windows(_trial(edges, last - 2 * days + 1, days), _trial(edges, last - days + 1, days), days)


def _trial(edges: Edges, begin: int, days: int) -> Trial:
    truth = edges.purchases(begin, begin + days - 1)
    known = edges.before(begin)
    both = np.intersect1d(known.person, np.flatnonzero(np.diff(truth.indptr))).astype(np.int32)
    people = _some(both, MOST_PEOPLE)
    others = _some(np.setdiff1d(known.person, people).astype(np.int32), MOST_FITTED - len(people))
    chosen = np.zeros(edges.people, bool)
    chosen[people] = chosen[others] = True
    return Trial(known.of_people(chosen), begin - 1, people, truth[people])


def _some(people: Ints, most: int) -> Ints:
    if len(people) <= most:
        return people
    return np.sort(np.random.default_rng(SEED).choice(people, most, replace=False))


def choose(trial: Trial) -> Settings:
    """Returns the settings with the highest NDCG: each is tried in turn, and kept if it is better than any so far."""
    best = Settings()
    most = _worth(trial, best)
    for name, values in TRIED.items():
        for value in values if _matters(name, trial.known) else ():
            settings = Settings(**{**best._asdict(), name: value})
            if (worth := _worth(trial, settings)) > most:
                best, most = settings, worth
    return best


def _matters(name: str, known: Edges) -> bool:
    if name == "viewed":
        return not known.bought.all()
    return name != "interest" or len(known.interest) > 0


def _worth(trial: Trial, settings: Settings) -> float:
    return judged(trial, fit_walk(trial.known, settings, trial.as_of)).mean_ndcg


def judged(trial: Trial, walk: Walk) -> Quality:
    """Returns how good the walk is; all products are ranked, those too that somebody bought before."""
    return quality(ranked(scores_of(walk, trial.people), AT)[0], trial.truth)


def popular(trial: Trial) -> Quality:
    """Returns how good it is to recommend what most people have bought so far, the same to everybody."""
    return quality(np.tile(most_bought(trial.known)[:AT], (len(trial.people), 1)), trial.truth)


def most_bought(edges: Edges) -> Ints:
    """Returns the products by how many people bought them, most first."""
    pairs = np.unique(np.column_stack([edges.person, edges.product])[edges.bought], axis=0)
    people = np.bincount(pairs[:, 1], minlength=edges.products)
    return np.lexsort((np.arange(edges.products), -people)).astype(np.int32)


def repeated(trial: Trial, walk: Walk) -> Quality:
    """Returns how good it is to recommend what somebody bought or viewed before, the most and the latest first."""
    return quality(ranked(walk.own[trial.people], AT)[0], trial.truth)


def new_to_them(trial: Trial, walk: Walk) -> tuple[Quality, Quality]:
    """Returns how good the walk is, and what is popular, at what somebody has never bought before."""
    own = walk.bought[trial.people]
    truth = without(trial.truth, own)
    scores = without(scores_of(walk, trial.people), own)
    order = most_bought(trial.known)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    near = [_first_new(order, rank[own.indices[slice(*own.indptr[at : at + 2])]]) for at in range(own.shape[0])]
    return quality(ranked(scores, AT)[0], truth), quality(np.array(near, np.int32).reshape(-1, AT), truth)


def _first_new(order: Ints, taken: Ints) -> Ints:
    left = np.setdiff1d(np.arange(min(AT + len(taken), len(order))), taken)[:AT]
    return np.pad(order[left], (0, AT - len(left)), constant_values=NONE)
