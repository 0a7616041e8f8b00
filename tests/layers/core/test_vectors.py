"""Vectors in Milvus."""

import time
from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pytest
from footfall.errors import Unavailable
from footfall.stores import vectors
from footfall.stores.vectors import PAGES, PEOPLE, Row, VectorCollection, equal
from numpy.typing import NDArray

from tests.support.milvus import collections, without_milvus

TEXTS = {"device": "Desktop", "rfm_segment": "", "behaviour_segment": "", "profile": "{}"}


@pytest.fixture
def site(stores: None) -> Iterator[str]:
    """A site of this test's own, with the collections in place."""
    site_id = f"s{uuid4().hex[:12]}"
    with collections():
        yield site_id
        for collection in (PEOPLE, PAGES):
            vectors.remove_older(collection, site_id, 2**53)


def pointing(*towards: float) -> NDArray[np.float32]:
    vector = np.zeros(128, np.float32)
    vector[: len(towards)] = towards
    return vector / np.linalg.norm(vector)


def row(person: str, *towards: float, version: int = 1, **texts: str) -> Row:
    return Row(person, {**TEXTS, **texts}, version, pointing(*towards))


def near(site: str, *towards: float, limit: int = 9, where: str = "") -> list[str]:
    return [found.subject for found in vectors.nearest(PEOPLE, site, pointing(*towards), limit, where)]


def test_preparing_twice_is_as_good_as_once(site: str) -> None:
    vectors.prepare()
    assert vectors.nearest(PAGES, site, pointing(1), 3) == []


def test_the_nearest_come_first_with_their_cosine(site: str) -> None:
    vectors.upsert(PEOPLE, site, [row("ann", 1), row("bob", 1, 1), row("cat", 0, 1)])
    found = vectors.nearest(PEOPLE, site, pointing(1), 3)
    assert [each.subject for each in found] == ["ann", "bob", "cat"]
    assert np.allclose([each.similarity for each in found], [1, 0.5**0.5, 0], atol=1e-6)


def test_a_site_never_sees_anothers(site: str) -> None:
    other = f"{site}x"
    vectors.upsert(PEOPLE, site, [row("ann", 1)])
    vectors.upsert(PEOPLE, other, [row("bob", 1)])
    assert near(site, 1) == ["ann"]
    vectors.remove_older(PEOPLE, other, 2)
    assert near(site, 1) == ["ann"]


def test_a_person_has_one_vector_the_latest(site: str) -> None:
    vectors.upsert(PEOPLE, site, [row("ann", 1)])
    vectors.upsert(PEOPLE, site, [row("ann", 0, 1, version=2)])
    own = vectors.row_of(PEOPLE, site, "ann")
    assert own is not None
    assert (own.version, own.vector[1]) == (2, 1)
    assert near(site, 1) == ["ann"]


def test_devices_and_segments_filter(site: str) -> None:
    vectors.upsert(PEOPLE, site, [row("ann", 1, device="Mobile"), row("bob", 1, rfm_segment="Cannot Lose")])
    assert near(site, 1, where=equal("device", "Mobile")) == ["ann"]
    assert near(site, 1, where=equal("rfm_segment", "Cannot Lose")) == ["bob"]


def test_what_an_older_model_made_is_removed_and_nothing_else(site: str) -> None:
    vectors.upsert(PEOPLE, site, [row("ann", 1, version=1), row("bob", 1, version=2)])
    vectors.remove_older(PEOPLE, site, 2)
    assert near(site, 1) == ["bob"]


@pytest.mark.parametrize(
    "person", ["a'b", 'a"b', "a\\b", "a] or id in ['x", "名前", "a%20b", "x" * 256, "a b:c/d", "é\n"]
)
def test_whatever_a_person_is_called_they_are_found_and_removed(site: str, person: str) -> None:
    vectors.upsert(PEOPLE, site, [row(person, 1), row("ann", 0, 1)])
    own = vectors.row_of(PEOPLE, site, person)
    assert own is not None
    assert own.subject == person
    vectors.remove(PEOPLE, site, [person])
    assert vectors.row_of(PEOPLE, site, person) is None
    assert near(site, 1) == ["ann"]


@pytest.mark.parametrize("value", ['" or site_id != "', "\\", "'", "Cannot Lose\n"])
def test_no_value_of_a_filter_can_widen_it(site: str, value: str) -> None:
    vectors.upsert(PEOPLE, site, [row("ann", 1)])
    assert near(site, 1, where=equal("rfm_segment", value)) == []


def test_somebody_unknown_has_no_row(site: str) -> None:
    assert vectors.row_of(PEOPLE, site, "nobody") is None


def test_a_collection_that_outgrows_exact_search_gets_1024_lists(site: str) -> None:
    grown = VectorCollection(f"grown_{site}", "person_id", {"device": 16})
    vectors._create(grown)
    try:
        generator = np.random.default_rng(1)
        rows = [Row(str(n), {"device": "Other"}, 1, generator.normal(size=128).astype(np.float32)) for n in range(300)]
        vectors.upsert(grown, site, rows)
        vectors.settle(grown, outgrows_flat=1_000)
        assert vectors._index_type(grown) == "FLAT"
        vectors.settle(grown, outgrows_flat=300)
        index = vectors.client().describe_index(grown.name, vectors.INDEX)
        assert (index["index_type"], index["params"]) == ("IVF_FLAT", {"nlist": 1024})
        assert vectors.nearest(grown, site, rows[7].vector, 1)[0].subject == "7"
        vectors.settle(grown, outgrows_flat=300)
    finally:
        vectors.client().drop_collection(grown.name)


def test_a_store_that_is_down_is_unavailable_within_seconds(site: str) -> None:
    with without_milvus():
        started = time.monotonic()
        with pytest.raises(Unavailable):
            vectors.row_of(PEOPLE, site, "ann")
        assert time.monotonic() - started < 10
