"""What training finds in the real tables: the figures that are known, and people who are visibly alike."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from footfall.customers.arrays import Arrays, features_of_all, recency_of_all, subjects_of
from footfall.customers.features import Features, Floats
from footfall.customers.projection import project, unit
from footfall.customers.rfm import rfm_scores
from footfall.customers.rfm_segments import rfm_segment
from footfall.models import churn_chances, lifetime_values
from footfall.models.behaviour_segments import group
from footfall.models.directions import fit_projection
from footfall.models.neighbours import recall, shared_products
from scipy.sparse import csr_array

from functions.training.extract.gather import Gathering
from tests.support.shopping import a_visit, online_retail

pytestmark = [pytest.mark.shared_data, pytest.mark.xdist_group("training on real data")]
LONDON = ZoneInfo("Europe/London")
NEAREST = 10
LATE = datetime(2011, 10, 10, tzinfo=UTC)


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


@pytest.fixture(scope="module")
def later(shared_data: Path) -> tuple[Arrays, dict[str, set[str]]]:
    """What was known of Online Retail two months before its end, and what each customer bought after that."""
    gathered = Gathering(LONDON, "GBP", {})
    bought: dict[str, set[str]] = defaultdict(set)
    for order in sorted(online_retail(shared_data), key=lambda order: str(order["placed_at"])):
        if order["placed_at"] and order["user_id"] and order["placed_at"] >= LATE:
            bought[order["user_id"]] |= {line["product_id"] for line in order["lines"]}
        elif order["placed_at"]:
            gathered.add_order(order)
    return gathered.arrays(), bought


def share_anything(similarity: Floats, bought: Sequence[set[str]]) -> float:
    """Returns how often somebody and one of their ten nearest go on to buy a product that both do."""
    np.fill_diagonal(similarity, -2)
    near = np.argpartition(-similarity, NEAREST, axis=1)[:, :NEAREST]
    return float(np.mean([bool(bought[one] & bought[other]) for one, row in enumerate(near) for other in row.tolist()]))


def test_nearest_by_vectors_buy_alike_as_often_as_nearest_by_all_products(
    later: tuple[Arrays, dict[str, set[str]]],
) -> None:
    arrays, bought = later
    features, recency = features_of_all(arrays), recency_of_all(arrays)
    people = subjects_of(arrays)
    rows = np.array([row for row, person in enumerate(people) if person in bought], np.int32)
    found = project(fit_projection(features, recency), features, recency)[rows]
    column = features.columns({token: at for at, token in enumerate(products_of(features))})
    kept = column >= 0
    shape = (features.rows, len(products_of(features)))
    matrix = csr_array((np.log1p(features.weight[kept]), (features.row[kept], column[kept])), shape=shape)[rows]
    exact = unit(matrix.toarray().astype(np.float32))
    wants = [bought[people[row]] for row in rows.tolist()]
    by_vectors, by_products = (share_anything(each @ each.T, wants) for each in (found, exact))
    by_chance = share_anything(np.random.default_rng(1).random((len(rows), len(rows)), np.float32), wants)
    assert by_vectors >= 0.95 * by_products
    assert by_vectors > 1.3 * by_chance


def products_of(features: Features) -> list[str]:
    return [token for token in features.tokens if token.startswith("product:")]


def test_vectors_of_a_later_training_point_where_those_before_did(retail: Arrays) -> None:
    features, recency = features_of_all(retail), recency_of_all(retail)
    some = np.random.default_rng(3).permutation(features.rows)[: features.rows * 9 // 10].astype(np.int32)
    before = fit_projection(features.of_rows(some), recency[some])
    plain, turned = fit_projection(features, recency), fit_projection(features, recency, before)
    old, new, otherwise = (project(each, features, recency) for each in (before, turned, plain))
    kept = float(np.mean((old * new).sum(axis=1)))
    assert kept > 0.9
    assert kept >= float(np.mean((old * otherwise).sum(axis=1)))
    one, other = ((each[:200] @ each[:200].T) for each in (new, otherwise))
    assert np.allclose(one, other, atol=1e-4), "within one model nothing changes"


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
