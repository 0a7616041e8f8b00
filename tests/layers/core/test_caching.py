"""Remembering what was made of short texts, and of no long ones."""

from footfall.caching import LONGEST, cached_for_short_texts
from footfall.events import ip_addresses


def test_short_texts_are_remembered_and_long_ones_are_not() -> None:
    asked: list[str] = []

    @cached_for_short_texts(10)
    def length(text: str, more: int) -> int:
        asked.append(text)
        return len(text) + more

    short, long = "x" * LONGEST, "x" * (LONGEST + 1)
    assert [length(text, 1) for text in (short, short, long, long)] == [257, 257, 258, 258]
    assert length(short, 2) == 258
    assert asked == [short, long, long, short]


def test_long_names_of_clients_stay_nowhere() -> None:
    assert not ip_addresses.holds_addresses({"y" * 100: 1, "brief": 1})
    assert ("y" * 100 in ip_addresses.INNOCENT, "brief" in ip_addresses.INNOCENT) == (False, True)
