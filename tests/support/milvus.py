"""Milvus in tests: collections shared by all workers, and a Milvus that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from footfall.settings import read_environment
from footfall.stores import vectors


@contextmanager
def without_milvus() -> Iterator[None]:
    """Points footfall at an address where no Milvus answers, while the context lasts."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("MILVUS_URI", "http://127.0.0.1:9")
        _forget()
        yield
    _forget()


@contextmanager
def collections() -> Iterator[None]:
    """Has the collections in place, and a fresh client, while the context lasts."""
    _forget()
    vectors.prepare()
    yield
    _forget()


def _forget() -> None:
    read_environment.cache_clear()
    vectors.client.cache_clear()
