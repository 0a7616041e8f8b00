"""What the model of recommendations is worth on a third of the real shop's customers, against what is popular."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from footfall.models import recommendations
from footfall.schemas.model import Figures

from functions.training.extract.gather import Gathering
from tests.support.shopping import online_retail

pytestmark = [pytest.mark.shared_data, pytest.mark.xdist_group("training on real data")]


@pytest.fixture(scope="module")
def figures(shared_data: Path) -> Figures:
    """What is found of every third customer of the UCI Online Retail table."""
    gathered = Gathering(ZoneInfo("Europe/London"), "GBP", {})
    for order in sorted(online_retail(shared_data), key=lambda order: str(order["placed_at"])):
        if order["user_id"] and int(order["user_id"]) % 3 == 0:
            gathered.add_order(order)
    products = gathered.products
    files = {"products": products.products(len(gathered.people)), "baskets": products.baskets()}
    return recommendations.fit(files).figures


@pytest.mark.parametrize("measure", ["recall_at_20", "ndcg_at_20", "coverage"])
def test_the_walk_is_three_times_as_good_as_what_is_popular(figures: Figures, measure: str) -> None:
    assert figures[measure] >= 3 * figures[f"popular_{measure}"], figures  # type: ignore[operator]


def test_the_walk_is_better_among_products_that_people_never_bought(figures: Figures) -> None:
    assert figures["new_ndcg_at_20"] > figures["popular_new_ndcg_at_20"], figures  # type: ignore[operator]


def test_people_are_enough_for_the_figures_to_mean_something(figures: Figures) -> None:
    assert figures["people"] > 300  # type: ignore[operator]
    assert figures["days"] == 30
