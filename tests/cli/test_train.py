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
