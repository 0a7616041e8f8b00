"""`footfall train` shows what a training found as a shop reads it."""

from io import StringIO

import pytest
from rich.console import Console

from cli.train import _show


@pytest.mark.parametrize(("currency", "shown"), [("GBP", "8,911,407.90 GBP"), ("JPY", "8,911,408 JPY")])
def test_money_is_shown_in_the_sites_currency(currency: str, shown: str) -> None:
    console = Console(file=StringIO(), width=100)
    run = {"version": 7, "figures": {"extract": {"currency": currency, "customers": 4338, "guest_revenue": 8911407.9}}}
    _show(console, run, [{"name": "rfm", "metrics": {"revenue": 8911407.9, "silhouette": 0.25, "by": [1]}}])
    assert isinstance(console.file, StringIO)
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert ["guest_revenue", *shown.split()] in lines
    assert ["rfm", "revenue", *shown.split()] in lines
    assert ["silhouette", "0.250"] in lines
    assert ["customers", "4,338"] in lines


def test_figures_are_shown_beside_those_of_their_baselines() -> None:
    console = Console(file=StringIO(), width=140)
    baselines = {"recency": {"auc": 0.8124, "mean_error": 22.71}, "pareto_nbd": {"auc": 0.8174}}
    metrics = {"auc": 0.8222, "mean_error": 20.9, "degraded": False, "baselines": baselines}
    run = {"version": 7, "figures": {"extract": {"currency": "EUR"}}}
    _show(console, run, [{"name": "churn", "metrics": metrics}])
    assert isinstance(console.file, StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert "churn auc 0.822 recency 0.812, pareto_nbd 0.817" in lines
    assert "mean_error 20.90 EUR recency 22.71 EUR" in lines
    assert "degraded no" in lines


def test_each_model_is_told_of_as_accepted_or_withheld_with_the_reason() -> None:
    console = Console(file=StringIO(), width=200)
    first = {"published": "challenger", "reasons": [], "figure": "brier", "challenger": 0.1, "champion": None}
    better = {**first, "champion": 0.2}
    leak = {**first, "published": "champion", "reasons": ["churn is told too well"]}
    broken = {**first, "published": None, "reasons": ["it could not be fitted"]}
    choices = {"lifetime": better, "churn": leak, "propensity": broken, "rfm": first}
    _show(console, {"version": 7, "figures": {"extract": {"currency": "EUR"}}, "choices": choices}, [])
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert "lifetime: accepted (brier 0.1 against 0.2 of the model in use)" in lines
    assert "churn: withheld, the model in use stays: churn is told too well" in lines
    assert "propensity: withheld: it could not be fitted" in lines
    assert "rfm: accepted" in lines
