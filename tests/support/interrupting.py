"""Something that happens in the middle of what a function does: before a call of its own, or a write to MongoDB."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

import pytest
from pymongo.collection import Collection

WRITES = ("bulk_write", "delete_many", "find_one_and_update", "insert_many", "update_many", "update_one")


def before_next_call(module: ModuleType, name: str, do: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has something done before a module's function is called the next time."""
    real = getattr(module, name)

    def late(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        do()
        return real(*arguments, **options)

    monkeypatch.setattr(module, name, late)


class Died(BaseException):
    """The process is gone, as it were: this passes through everything."""


def die(in_transaction: bool) -> None:
    """Ends the process."""
    raise Died


@contextmanager
def interrupted(
    write: int, by: Callable[[bool], object], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], bool]]:
    """Has something happen before the n-th write from now on; gives a function that says whether it did.

    It is told whether that write is part of a transaction, which then is open.
    """
    left = write

    def watched(method: Any) -> Any:
        @wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                by(options.get("session") is not None)
            return method(*arguments, **options)

        return call

    with monkeypatch.context() as changed:
        for name in WRITES:
            changed.setattr(Collection, name, watched(getattr(Collection, name)))
        yield lambda: left <= 0
