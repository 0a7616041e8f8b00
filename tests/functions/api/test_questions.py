"""Questions asked without HTTP, as jobs and terminals do: the same answers, out of the same cache."""

import inspect
import subprocess
import sys
from types import ModuleType
from typing import Any, get_type_hints

import pytest
from footfall.errors import Invalid, NotFound
from footfall.questions import business, cache_contents, customer, customers, dashboard, funnel, funnel_trend, segments
from footfall.questions.dashboard_answer import DashboardQuestion
from pydantic import BaseModel
from pymongo.database import Database

from functions.api.customers.handler import handler as customers_handler
from functions.api.funnel.handler import handler as funnel_handler
from functions.api.metrics.handler import handler as metrics_handler
from tests.support.asking import ask
from tests.support.visits import happen, roll_up, view

Mongo = Database[dict[str, Any]]
QUESTIONS = [business, customer, customers, dashboard, funnel, funnel_trend, segments]
WITHOUT_NUMPY = ["business", "customer", "customers", "segments"]


def as_told(answer: BaseModel) -> Any:
    return answer.model_dump(mode="json", by_alias=True, exclude={"complete_to"})


def told(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "complete_to"}


def test_an_answer_is_the_same_with_and_without_http(shop: Mongo) -> None:
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob", device="Desktop"))
    roll_up()
    by_device, weekly = funnel.FunnelQuestion(breakdown=["device"]), funnel_trend.TrendQuestion(period="week")
    pairs = [
        (dashboard.answer("demo", DashboardQuestion()), metrics_handler, "/api/metrics/dashboard"),
        (business.answer("demo", business.BusinessQuestion()), metrics_handler, "/api/metrics"),
        (funnel.answer("demo", by_device), funnel_handler, "/api/funnel?breakdown=device"),
        (funnel_trend.answer("demo", weekly), funnel_handler, "/api/funnel/trend?period=week"),
        (customers.answer("demo", customers.CustomersQuestion()), customers_handler, "/api/customers"),
        (segments.answer("demo", segments.SegmentsQuestion()), customers_handler, "/api/segments"),
    ]
    for answer, handler, asked in pairs:
        path, _, query = asked.partition("?")
        body = ask(handler, path, dict([query.split("=")]) if query else None)
        assert (list(told(body)), told(body)) == (list(as_told(answer)), as_told(answer))


def test_what_was_asked_without_http_is_remembered_for_who_asks_over_http(shop: Mongo) -> None:
    happen(shop, view("home"))
    roll_up()
    cache_contents.forget("demo")
    before = cache_contents.answer("demo")
    dashboard.answer("demo", DashboardQuestion())
    funnel.answer("demo", funnel.FunnelQuestion())
    funnel.answer("demo", funnel.FunnelQuestion(breakdown=["device"]))
    funnel_trend.answer("demo", funnel_trend.TrendQuestion())
    warm = cache_contents.answer("demo")
    assert (warm.entries, warm.misses - before.misses) == (4, 4)
    ask(metrics_handler, "/api/metrics/dashboard")
    ask(funnel_handler, "/api/funnel")
    ask(funnel_handler, "/api/funnel", {"breakdown": "device"})
    ask(funnel_handler, "/api/funnel/trend")
    after = cache_contents.answer("demo")
    assert (after.entries, after.misses - warm.misses, after.hits - warm.hits) == (4, 0, 4)


def test_an_answer_that_goes_by_what_people_are_is_neither_looked_up_nor_remembered(shop: Mongo) -> None:
    happen(shop, view("home"))
    roll_up()
    before = cache_contents.answer("demo")
    for asked in ({"breakdown": ["visitor"]}, {"sex": ["female"]}, {"steps": ["home", "home[segment=Loyal]"]}):
        funnel.answer("demo", funnel.FunnelQuestion.model_validate(asked))
    assert cache_contents.answer("demo") == before


def test_what_cannot_be_answered_is_raised(shop: Mongo) -> None:
    with pytest.raises(Invalid, match="steps: give either"):
        funnel.answer("demo", funnel.FunnelQuestion(funnel="default", steps=["home", "search"]))
    with pytest.raises(NotFound, match="no site has this id"):
        dashboard.answer("nobody", DashboardQuestion())
    with pytest.raises(NotFound, match="no such customer"):
        customer.answer("demo", customer.CustomerQuestion(customer_id="ann"))


@pytest.mark.parametrize("module", QUESTIONS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_question_is_a_model_and_so_is_its_answer(module: ModuleType) -> None:
    assert list(inspect.signature(module.answer).parameters) == ["site_id", "question"]
    hints = get_type_hints(module.answer)
    assert issubclass(hints["question"], BaseModel)
    assert issubclass(hints["return"], BaseModel)


@pytest.mark.parametrize(
    ("names", "absent"), [(WITHOUT_NUMPY, {"numpy"}), (["dashboard", "funnel", "funnel_trend", "similar"], set())]
)
def test_a_question_loads_neither_http_nor_what_it_does_not_need(names: list[str], absent: set[str]) -> None:
    imports = "; ".join(f"import footfall.questions.{name}" for name in names)
    script = f"{imports}; import sys; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    )
    assert loaded & (absent | {"fastapi", "starlette", "mangum", "sklearn", "scipy"}) == set()
