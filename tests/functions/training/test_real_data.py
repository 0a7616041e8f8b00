"""What training finds in the real tables: the figures that are known, and people who are visibly alike."""

import csv
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from footfall.customers.arrays import Arrays, features_of_all, recency_of_all, subjects_of
from footfall.customers.features import Features, Floats
from footfall.customers.projection import project
from footfall.customers.rfm import rfm_scores
from footfall.customers.rfm_segments import rfm_segment
from footfall.models import churn_chances, lifetime_values
from footfall.models.behaviour_segments import group
from footfall.models.directions import fit_projection
from footfall.models.neighbours import recall, shared_products

from functions.training.extract.gather import Gathering
from tests.support.shopping import a_visit, online_retail

pytestmark = [pytest.mark.shared_data, pytest.mark.xdist_group("training on real data")]
LONDON = ZoneInfo("Europe/London")
NEAREST = 10


@pytest.fixture(scope="module")
def gathering(shared_data: Path) -> Gathering:
    """What extract reads in the UCI Online Retail table."""
    gathered = Gathering(LONDON, "GBP", {})
    for order in sorted(online_retail(shared_data), key=lambda order: str(order["placed_at"])):
        gathered.add_order(order)
    assert str(gathered.as_of) == "2011-12-09"
    return gathered


@pytest.fixture(scope="module")
def retail(gathering: Gathering) -> Arrays:
    """What extract makes of it."""
    return gathering.arrays()


@pytest.fixture(scope="module")
def trade(gathering: Gathering, retail: Arrays) -> Arrays:
    """The same for forecasts."""
    return gathering.trade.arrays(retail["customer"], gathering.as_of)


@pytest.fixture(scope="module")
def funnel(shared_data: Path) -> tuple[list[str], Features]:
    """Of the shop funnel's people every ninth, with what each did: the pages seen, and the device."""
    folder = shared_data / "shop_funnel"
    pages = {
        "home": "home_page_table.csv",
        "search": "search_page_table.csv",
        "payment": "payment_page_table.csv",
        "confirmation": "payment_confirmation_table.csv",
    }
    seen = {page: {row["user_id"] for row in rows(folder / name)} for page, name in pages.items()}
    gathered = Gathering(ZoneInfo("UTC"), "EUR", {})
    did = []
    for user in list(rows(folder / "user_table.csv"))[::9]:
        visited = [page for page in pages if user["user_id"] in seen[page]]
        gathered.add_visit(a_visit(user["user_id"], visited, device=user["device"]))
        did.append(f"{user['device']} {' '.join(visited)}")
    return did, features_of_all(gathered.arrays())


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def nearest(vectors: Floats, person: int) -> list[int]:
    similarity = vectors @ vectors[person]
    similarity[person] = -2
    found: list[int] = np.argsort(-similarity, kind="stable")[:NEAREST].tolist()
    return found


def test_online_retail_has_its_known_customers_orders_and_revenue(retail: Arrays) -> None:
    assert len(retail["customer"]) == 4_338
    assert retail["frequency"].sum() == 18_532
    assert retail["monetary"].sum() == 891_140_790


def test_a_known_customer_has_the_known_figures(retail: Arrays) -> None:
    people = subjects_of(retail)
    customer = [people[row] for row in retail["customer"]].index("12347")
    found = [int(retail[name][customer]) for name in ("recency", "frequency", "monetary", "refunded")]
    assert found == [2, 7, 431_000, 0]


def test_scores_are_fifths_and_every_customer_has_a_segment(retail: Arrays) -> None:
    scores = rfm_scores(retail["recency"], retail["frequency"], retail["monetary"])
    assert all(850 <= size <= 890 for size in np.bincount(scores.recency)[1:])
    assert all(867 <= size <= 868 for size in np.bincount(scores.monetary)[1:])
    named = [rfm_segment(*each).name for each in zip(*(score.tolist() for score in scores), strict=True)]
    champions = [money for name, money in zip(named, retail["monetary"].tolist(), strict=True) if name == "Champions"]
    assert len(champions) < 0.2 * len(named)
    assert sum(champions) > 0.5 * int(retail["monetary"].sum())


def test_buyers_share_far_more_products_with_their_nearest_than_with_anybody(retail: Arrays) -> None:
    features, recency = features_of_all(retail), recency_of_all(retail)
    projection = fit_projection(features, recency)
    found = shared_products(project(projection, features, recency), features)
    assert (found["lift"] or 0) > 4, found
    again = recall(projection, retail)
    assert again["recall_at_10"] > 50 * again["random"], again


def test_behaviour_segments_are_found_apart_and_named_differently(retail: Arrays) -> None:
    customers = features_of_all(retail).of_rows(retail["customer"])
    grouping = group(customers, retail["recency"].astype(np.float64))
    names = [segment["name"] for segment in grouping.segments]
    assert len(names) == len(set(names)) >= 3
    assert grouping.silhouette > 0.15
    assert sum(segment["customers"] for segment in grouping.segments) == 4_338


def test_orders_and_refunds_by_day_add_up_to_those_of_the_customers(retail: Arrays, trade: Arrays) -> None:
    assert trade["orders"].shape[1] == retail["frequency"].sum()
    assert trade["orders"][2].sum() == retail["monetary"].sum()
    assert trade["refunds"][2].sum() == retail["refunded"].sum()


def test_values_put_customers_in_the_order_of_what_they_bring_better_than_their_past_does(trade: Arrays) -> None:
    values = lifetime_values.found(trade, 4_338)
    figures = values.figures
    assert figures["held_out_days"] == 124
    assert isinstance(figures["gini"], float)
    assert isinstance(figures["baselines"], dict)
    assert figures["gini"] > 0.8
    assert figures["gini"] > figures["baselines"]["same_again"]["gini"]
    # nobody seems to leave this shop for good, so that Pareto/NBD has no largest likelihood
    assert (values.details["kind"], values.details["degraded"]) == ("bg_nbd", True)


def test_churn_is_told_better_than_by_recency(trade: Arrays) -> None:
    figures = churn_chances.found(trade, 4_338).figures
    assert isinstance(figures["auc"], float)
    assert isinstance(figures["baselines"], dict)
    assert (figures["judged_as_of"], figures["customers"]) == ("2011-10-01", 3_616)
    assert figures["auc"] > figures["baselines"]["recency"]["auc"] + 0.05


def test_visitors_do_the_same_on_the_same_device_as_their_nearest(funnel: tuple[list[str], Features]) -> None:
    did, features = funnel
    never = np.full(features.rows, np.nan)
    vectors = project(fit_projection(features, never), features, never)
    chosen = np.random.default_rng(1).choice(features.rows, 100, replace=False)
    alike = [did[near] == did[person] for person in chosen for near in nearest(vectors, person)]
    anybody = np.random.default_rng(2).choice(features.rows, len(alike))
    by_chance = [did[other] == did[person] for person, other in zip(np.repeat(chosen, NEAREST), anybody, strict=True)]
    assert np.mean(alike) > 0.99
    assert np.mean(by_chance) < 0.5
