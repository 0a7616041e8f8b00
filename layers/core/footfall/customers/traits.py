"""What a group of customers is called: after the traits in which it differs most from everybody."""

from collections.abc import Mapping, Sequence

TRAITS: Mapping[str, tuple[str, str]] = {
    "orders": ("frequent", "occasional"),
    "order_value": ("big orders", "small orders"),
    "products_per_order": ("many products", "few products"),
    "items_per_product": ("in quantity", "single pieces"),
    "refund_rate": ("many returns", "no returns"),
    "recency": ("long away", "lately here"),
    "visits": ("often visiting", "seldom visiting"),
    "pages_per_visit": ("long browsing", "short visits"),
    "evening": ("evening", "daytime"),
    "weekend": ("weekend", "weekday"),
    "mobile": ("mobile", "desktop"),
}
"""Each trait of how somebody shops, with the words for much and little of it."""

DISTINCTIVE = 0.5


def name_of(deviations: Mapping[str, float], words: int = 2) -> str:
    """Returns a name from the traits that deviate most (in standard deviations), such as "Frequent, big orders"."""
    by_size = sorted(deviations, key=lambda trait: (-abs(deviations[trait]), trait))[:words]
    telling = [trait for trait in by_size if abs(deviations[trait]) >= DISTINCTIVE] or by_size[:1]
    return ", ".join(TRAITS[trait][deviations[trait] < 0] for trait in telling).capitalize()


def unique_names(groups: Sequence[Mapping[str, float]]) -> list[str]:
    """Returns a name for each group, with more words where two would be called the same, and at last a number."""
    tries = [[name_of(group, words) for group in groups] for words in range(2, 5)]
    numbered = [f"{name} {number}" for number, name in enumerate(tries[-1], 1)]
    return next((names for names in tries if len(set(names)) == len(names)), numbered)


def described(deviations: Mapping[str, float]) -> str:
    """Returns what sets a group apart, trait by trait, the strongest first; nothing where it is like everybody."""
    telling = sorted(deviations, key=lambda trait: -abs(deviations[trait]))
    words = [TRAITS[trait][deviations[trait] < 0] for trait in telling if abs(deviations[trait]) >= DISTINCTIVE]
    return f"More than others: {', '.join(words)}" if words else "Much like everybody"
