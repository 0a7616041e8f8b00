"""Every question of metrics and funnel asked badly: it is refused by name, or has an honest empty answer."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from footfall.lake import loader

from tests.functions.api.test_every_route import ANALYTIC, _is_filter
from tests.support.asking import question
from tests.support.builders import LambdaContext
from tests.support.caches import forget_answers
from tests.support.routes import EVERY, Operation
from tests.support.visits import Mongo, a_shop, an_order, buy, happen, know, roll_up, view

Json = dict[str, Any]
RANGE = {"from": "2026-03-01", "to": "2026-03-02"}
LONG_AGO = {"from": "1999-01-01", "to": "1999-01-02"}
IN_PATHS = {"page": "home", "name": "page_type"}
OF_TRAINING = {"clv-distribution", "revenue-by-segment", "risk-distribution", "segment-distribution", "segments"}


def _taken(operation: Operation) -> dict[str, Json]:
    return {each["name"]: each for each in operation.parameters if each["in"] == "query"}


ROUTES = {
    operation.path: operation
    for operation in EVERY
    if operation.method == "get" and operation.told["tags"][0] in ("metrics", "funnel")
}
DAYS = [one for one in ROUTES.values() if {"from", "to"} <= _taken(one).keys()]
FILTERED = [one for one in DAYS if "source" in _taken(one)]


def taking(name: str) -> list[Operation]:
    """The routes that have a parameter."""
    return [one for one in ROUTES.values() if name in _taken(one)]


def answered(operation: Operation, query: Json, **path: str) -> tuple[int, Json]:
    """Status and body of an answer."""
    function = importlib.import_module(f"functions.api.{operation.told['tags'][0]}.handler")
    event = question(operation.path.format(**IN_PATHS | path), query)
    answer = function.handler(event, LambdaContext())
    return answer["statusCode"], json.loads(answer["body"])


def refused(operation: Operation, query: Json) -> Json:
    """The fields that are refused, and what is said of each."""
    status, problem = answered(operation, query)
    assert status == 422, (status, problem)
    return {error["field"]: error["message"] for error in problem["errors"]}


def visited(shop: Mongo) -> None:
    """Two people go some way, and one buys."""
    know(shop, a_shop("home", "search", "payment"))
    happen(shop, view("home"), view("search", minutes=1), view("payment", minutes=2), view("home", "bob", path="/$x"))
    happen(shop, view("home", minutes=1440, eventType="page_exit", vitals={"lcp": 4_001}))
    happen(shop, view("search", minutes=1441, eventType="track", event="Product Added", properties={"product_id": "p"}))
    buy(shop, an_order("o1", "ann", 1_000))


def figures(answer: object) -> list[float]:
    """Every number of an answer, wherever it is."""
    if isinstance(answer, dict):
        return [number for name, each in answer.items() if name not in NO_FIGURES for number in figures(each)]
    if isinstance(answer, list):
        return [number for each in answer for number in figures(each)]
    return [answer] if isinstance(answer, int | float) and not isinstance(answer, bool) else []


NO_FIGURES = {
    "page",
    "page_size",
    "order",
    "step",
    "from_step",
    "to_step",
    "grid",
    "period",
    "days",
    "worst",
    "best",
    "high",
    "depth",
}
"""What says what is asked, or where something is."""
NEAR_ONES = {"/api/heatmap/{page}"}
"""A page that nobody saw is not found, and those near it are told."""


@pytest.mark.parametrize("operation", DAYS, ids=str)
def test_a_range_that_ends_before_it_begins_is_refused(shop: Mongo, operation: Operation) -> None:
    assert list(refused(operation, {"from": "2026-03-02", "to": "2026-03-01"})) == ["to"]


def test_a_range_before_any_data_has_an_empty_answer(shop: Mongo) -> None:
    visited(shop)
    for _ in range(2):
        for operation in DAYS:
            status, answer = answered(operation, LONG_AGO)
            if status == 404 and operation.path in NEAR_ONES:
                continue
            assert (status, answer["range"]["from"], answer["range"]["to"]) == (200, *LONG_AGO.values()), operation
            assert not any(figures(answer)), (operation, answer)
        roll_up()


def test_a_site_without_events_has_an_empty_answer_with_its_range(shop: Mongo) -> None:
    for operation in (ROUTES[path] for path in sorted(ANALYTIC & ROUTES.keys())):
        status, answer = answered(operation, {})
        if status == 404 and operation.path in NEAR_ONES:
            continue
        assert status == 200
        assert answer["range"] is not None or operation.path.rpartition("/")[2] in OF_TRAINING, operation
        assert not any(figures(answer)), (operation, answer)


@pytest.mark.parametrize("operation", FILTERED, ids=str)
def test_a_dimension_that_there_is_not_is_refused_with_those_near_it(shop: Mongo, operation: Operation) -> None:
    assert "country" in refused(operation, {"contry": "IT"})["contry"]


def test_a_page_with_a_dollar_is_a_name_like_any_other(shop: Mongo) -> None:
    visited(shop)
    for _ in range(2):
        for operation in FILTERED:
            for name in names_of_values(operation):
                for value in ("/$x", "!$ne"):
                    status, _ = answered(operation, RANGE | {name: value})
                    assert status == 200 or operation.path in NEAR_ONES, (operation, name, value, status)
        roll_up()


def names_of_values(operation: Operation) -> list[str]:
    """Filters of a route, and what else takes the name of a page."""
    filters = {name for name, told in _taken(operation).items() if _is_filter(told)}
    return sorted(filters & {"page", "landing_page"} | _taken(operation).keys() & {"from_page", "to_page"})


@pytest.mark.parametrize("operation", taking("breakdown"), ids=str)
def test_ten_breakdowns_are_refused_and_so_is_one_that_there_is_not(shop: Mongo, operation: Operation) -> None:
    ten = ["device", "country", "browser", "os", "language", "source", "medium", "campaign", "term", "content"]
    for given in (ten, ",".join(ten), "contry"):
        assert list(refused(operation, RANGE | {"breakdown": given})) == ["breakdown"], given


def test_what_takes_one_value_is_refused_where_it_is_given_twice(shop: Mongo) -> None:
    for operation in ROUTES.values():
        for name, told in _taken(operation).items():
            if not _is_filter(told):
                assert "is given more than once" in refused(operation, {name: ["1", "2"]}).get(name, ""), (
                    operation,
                    name,
                )


@pytest.mark.parametrize("operation", taking("window"), ids=str)
@pytest.mark.parametrize("window", ["0", "0d", "-1d", "7", "7y", "$", ""])
def test_a_window_of_nothing_is_refused(shop: Mongo, operation: Operation, window: str) -> None:
    assert list(refused(operation, RANGE | {"window": window})) == ["window"]


@pytest.mark.parametrize("operation", taking("steps"), ids=str)
@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("home", "from 2 to 32"),
        (",".join(["home", "search"] * 16 + ["home"]), "from 2 to 32"),
        ("home,serch", "search"),
        ("home,$where", "was ever seen"),
        ("home,search[contry=IT]", "country"),
        ("home,", "characters"),
    ],
)
def test_steps_that_there_are_not_are_refused_with_those_near_them(
    shop: Mongo, operation: Operation, steps: str, told: str
) -> None:
    assert told in refused(operation, RANGE | {"steps": steps})["steps"]


@pytest.mark.parametrize("damage", ["missing", "half", "empty", "other", "no files", "nothing"])
def test_a_lake_that_is_damaged_is_read_around(shop: Mongo, tmp_path: Path, damage: str) -> None:
    visited(shop)
    roll_up()
    whole = {str(operation): without_watermark(answered(operation, RANGE)) for operation in DAYS}
    DAMAGES[damage](shop, tmp_path / "the-lake")
    loader.forget()
    forget_answers()
    found = {str(operation): without_watermark(answered(operation, RANGE)) for operation in DAYS}
    assert {name: answer for name, answer in found.items() if answer != whole[name]} == {}


def without_watermark(answer: tuple[int, Json]) -> tuple[int, Json]:
    """The same without when it is of."""
    return answer[0], answer[1] | {"complete_to": None}


def cut(folder: Path, part: Callable[[bytes], bytes]) -> None:
    """Write every file of the lake anew."""
    for file in folder.rglob("*.parquet"):
        file.write_bytes(part(file.read_bytes()))


DAMAGES: dict[str, Callable[[Mongo, Path], object]] = {
    "missing": lambda _, folder: rmtree(folder),
    "half": lambda _, folder: cut(folder, lambda whole: whole[: len(whole) // 2]),
    "empty": lambda _, folder: cut(folder, lambda _: b""),
    "other": lambda shop, _: shop["lake_periods"].update_many({}, {"$set": {"files.$[].key": "demo/no.parquet"}}),
    "no files": lambda shop, _: shop["lake_periods"].update_many({}, {"$unset": {"files": True}}),
    "nothing": lambda shop, _: shop["lake_periods"].update_many({}, {"$set": {"files": None, "days": "x"}}),
}
