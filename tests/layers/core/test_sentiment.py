"""How texts of feedback are read: on sentences that nothing was fitted on, and on what nobody should send."""

import hashlib
import time
from pathlib import Path

import pytest
from footfall.rates import share_interval
from footfall.schemas.feedback import Category
from footfall.sentiment.categories import categories_of
from footfall.sentiment.grams import grams_of, words_of
from footfall.sentiment.reading import read
from footfall.sentiment.version import VERSION
from hypothesis import given
from hypothesis import strategies as st

SENTENCES = Path(__file__).with_name("sentences") / "restaurants.tsv"
READINGS = {1: "58b4366576f10379"}
"""A digest of how each version reads the sentences."""


def sentences() -> list[tuple[str, bool]]:
    """A thousand sentences on restaurants, and whether each is positive."""
    lines = (line.split("\t", 1) for line in SENTENCES.read_text(encoding="utf-8").splitlines())
    return [(text, label == "1") for label, text in lines]


def test_sentences_on_what_nothing_was_fitted_on_are_read_rightly() -> None:
    found = [(read(text)["score"], positive) for text, positive in sentences()]
    scored = [(score > 0) == positive for score, positive in found if score is not None]
    assert len(scored) >= 0.98 * len(found), "English is known as English"
    assert sum(scored) >= 0.84 * len(scored)


def test_a_text_takes_less_than_a_millisecond() -> None:
    texts = [text for text, _ in sentences()]
    read(texts[0])
    started = time.process_time()
    for text in texts:
        read(text)
    assert time.process_time() - started < 1.0, "a thousand texts"


def test_texts_are_read_otherwise_by_another_version_alone() -> None:
    found = [(one["label"], one["categories"], one["language"]) for one in (read(text) for text, _ in sentences())]
    digest = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
    assert READINGS[VERSION] == digest, "raise VERSION, and add a line: jobs/sweep has what is stored read anew"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Great choice of gifts, checkout was quick.", "positive"),
        ("not good", "negative"),
        ("I don't like it", "negative"),
        ("My card was declined twice for no reason.", "negative"),
        ("GREAT!!!!!", "positive"),
        ("It’s not great", "negative"),
        ("\u202eterrible service\u202c", "negative"),
        ("😀👍", "positive"),
        ("👎", "negative"),
        (":)", "positive"),
        ("Great product, sehr gut", "positive"),
    ],
)
def test_negations_capitals_emoji_and_mixed_languages_are_understood(text: str, label: str) -> None:
    assert read(text)["label"] == label


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Die Lieferung war schnell und alles hat gut geklappt", "de"),
        ("La livraison était très rapide, merci", "fr"),
        ("El pedido llegó muy tarde y no funciona", "es"),
        ("La consegna è stata molto veloce, grazie", "it"),
        ("De levering was heel snel en het is mooi", "nl"),
        ("Доставка была очень быстрой", "und-Cyrl"),
        ("شكرا جزيلا على التوصيل", "und-Arab"),
        ("המשלוח הגיע מהר", "he"),
        ("とても良い商品です", "ja"),
        ("质量很好", "zh"),
        ("배송이 빨라요", "ko"),
        ("asdf qwer zxcv", "und"),
        ("", "zxx"),
        ("12345", "zxx"),
        ("!!!", "zxx"),
    ],
)
def test_what_cannot_be_read_is_said_and_has_no_score(text: str, tag: str) -> None:
    assert read(text) == {"label": None, "score": None, "categories": [], "language": tag, "version": VERSION}


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("The parcel arrived late and the box was damaged", ["delivery", "quality"]),
        ("Too expensive", ["price"]),
        ("The refund never came, support does not answer", ["price", "support", "returns"]),
        ("I could not log in", ["usability"]),
        ("Lovely", []),
    ],
)
def test_a_text_is_of_the_categories_whose_words_it_has(text: str, about: list[Category]) -> None:
    assert categories_of(words_of(text)) == about


@pytest.mark.parametrize(
    "text",
    ["good but bad " * 800, "😀" * 10_000, "not " * 2_500, "x" * 10_000, "a." * 5_000],
    ids=["words", "emoji", "negations", "one word", "points"],
)
def test_ten_thousand_characters_take_no_longer_than_the_first_two_thousand(text: str) -> None:
    read("warm")
    started = time.process_time()
    found = read(text)
    assert time.process_time() - started < 0.1
    assert {**read(text[:2_000]), "score": found["score"]} == found


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = read(text)
    assert (found["score"] is None) == (found["label"] is None)
    assert found["score"] is None or -1 <= found["score"] <= 1
    assert len(found["language"]) <= 8


def test_a_word_after_a_negation_is_another_until_the_sentence_turns() -> None:
    found = list(grams_of(["not", "very", "good", "but", "cheap"]))
    assert [gram for gram in found if gram.startswith("not:")] == ["not:very", "not:good"]
    assert {"good", "not very", "but cheap"} <= set(found)


def test_a_shares_interval_is_wilsons() -> None:
    assert share_interval(8, 10) == (49.02, 94.33)  # Wilson 1927, as in statsmodels' proportion_confint
    assert share_interval(0, 10) == (0.0, 27.75)
    assert share_interval(10, 10) == (72.25, 100.0)
    assert share_interval(0, 0) == (0.0, 100.0)
