"""`python -m infra.sentiment` fits the weights by which feedback is read, and says how well they read other sentences.

They are fitted on VADER's sentences alone. What is chosen here was chosen by UCI's on products and films; those on
restaurants took no part in it.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
from footfall.rates import share_interval
from footfall.sentiment.grams import grams_of, words_of
from footfall.sentiment.lexicon import LexiconFeatures, features_of, with_words_for_emoji
from footfall.sentiment.reading import label_of, score_of
from footfall.sentiment.weights import WEIGHTS, GramWeight, Weights
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from infra.sentiment_data import Sentence, judged, labelled

Floats = NDArray[np.float64]
LEAST_SENTENCES = 3
"""In fewer sentences a gram tells nothing."""
MOST_GRAMS = 12_000
LEAST_FELT = 0.3
"""Sentences whose judges' mean is nearer to 0 are neither."""
SURELY_FELT = 2.0
STRENGTH = 2.0
"""Inverse of the penalty on large coefficients."""


def fitted(sentences: Sequence[Sentence]) -> Weights:
    """Returns weights fitted on sentences: on all grams first, then on those alone that told most."""
    felt = [sentence for sentence in sentences if abs(sentence.feels) >= LEAST_FELT]
    first = _fit(felt, None)
    telling = sorted(first["grams"], key=lambda gram: -abs(first["grams"][gram].coefficient))[:MOST_GRAMS]
    return Weights({**_fit(felt, sorted(telling)), "english": first["english"]})


def _fit(sentences: Sequence[Sentence], vocabulary: list[str] | None) -> Weights:
    least = 1 if vocabulary else LEAST_SENTENCES
    vectors = TfidfVectorizer(analyzer=_grams, min_df=least, sublinear_tf=True, vocabulary=vocabulary)
    of_grams = vectors.fit_transform([sentence.text for sentence in sentences])
    of_lexicon = csr_matrix(np.array([_lexicon(sentence.text) for sentence in sentences]))
    positive = np.array([sentence.feels > 0 for sentence in sentences])
    surely = np.minimum([abs(sentence.feels) / SURELY_FELT for sentence in sentences], 1)
    ratios = _log_ratios(of_grams > 0, positive, surely)
    regression = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=5_000)
    regression.fit(hstack([of_grams @ diags(ratios), of_lexicon]).tocsr(), positive, sample_weight=surely)
    coefficients, names = regression.coef_[0], [str(gram) for gram in vectors.get_feature_names_out()]
    worth = zip(names, vectors.idf_, coefficients[:-3] * ratios, strict=True)
    return Weights(
        lexicon=_rounded(coefficients[-3:]),
        grams={gram: GramWeight(round(float(idf), 2), round(float(value), 3)) for gram, idf, value in worth},
        english=frozenset(gram for gram in names if gram.isascii() and gram.replace("'", "").isalpha()),
    )


def _rounded(coefficients: Floats) -> tuple[float, float, float]:
    compound, positive, negative = (round(float(each), 3) for each in coefficients)
    return compound, positive, negative


def _log_ratios(has: csr_matrix, positive: NDArray[np.bool_], surely: Floats) -> Floats:
    # how much more often each gram is in positive ones: Wang and Manning 2012, "Baselines and Bigrams"
    of_positive, of_negative = (1 + has.T @ (surely * side) for side in (positive, ~positive))
    ratios: Floats = np.log((of_positive / of_positive.sum()) / (of_negative / of_negative.sum()))
    return ratios


def _lexicon(text: str) -> LexiconFeatures:
    return features_of(with_words_for_emoji(text))


def _grams(text: str) -> Iterator[str]:
    return grams_of(words_of(with_words_for_emoji(text)))


def judge(weights: Weights, sentences: Sequence[Sentence]) -> str:
    """Returns how many sentences are read rightly: by the score's sign, and by the label, neutral being wrong."""
    scores = [score_of(_grams(text), _lexicon(text), weights) for text, _ in sentences]
    signs = sum((score > 0) == (feels > 0) for score, (_, feels) in zip(scores, sentences, strict=True))
    labels = sum(
        label_of(score) == ("positive" if feels > 0 else "negative")
        for score, (_, feels) in zip(scores, sentences, strict=True)
    )
    return f"{_share(signs, len(sentences))} by the sign, {_share(labels, len(sentences))} by the label"


def _share(part: int, whole: int) -> str:
    low, high = share_interval(part, whole)
    return f"{100 * part / whole:.1f} % ({low:.1f}…{high:.1f})"


def main() -> None:
    """Fit, store and judge the weights."""
    weights = fitted(judged())
    stored = {**weights, "english": sorted(weights["english"])}
    WEIGHTS.write_text(json.dumps(stored, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(weights['grams'])} grams in {WEIGHTS.name}, {WEIGHTS.stat().st_size // 1000} KB")
    for name, sentences in labelled().items():
        print(f"{name}, {len(sentences)} sentences: {judge(weights, sentences)}")


if __name__ == "__main__":
    main()
