"""Lives shared between processes, each of which keeps a database of its own as long as it runs."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context

from tests.oracle.findings import Findings, try_lives
from tests.oracle.product import Product, a_product

PROCESSES = os.cpu_count() or 1
LIVES_AT_ONCE = 25
SEEDS = 10_000
_open = ExitStack()
_products: list[Product] = []


def together(parts: Mapping[str, str], lives: int, seed: int) -> Iterator[Findings]:
    """Yields what some lives at a time came to; the same seed, the same lives, on however many cores."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _start, (dict(parts),)) as pool:
        for done in as_completed(list(_work(pool, lives, seed))):
            yield done.result()


def _work(pool: ProcessPoolExecutor, lives: int, seed: int) -> Iterator[Future[Findings]]:
    for number, start in enumerate(range(0, lives, LIVES_AT_ONCE)):
        yield pool.submit(_try, min(LIVES_AT_ONCE, lives - start), seed * SEEDS + number)


def _start(parts: Mapping[str, str]) -> None:
    _products.append(_open.enter_context(a_product(parts, f"oracle_{os.getpid()}")))


def _try(lives: int, seed: int) -> Findings:
    return try_lives(_products[0], lives, seed)
