"""Figures of orders and money have one meaning, which the glossary and the API tell in the same sentence."""

import json
import re
from typing import Any

import pytest

from infra.openapi import DOCUMENT
from infra.written import ROOT

ROW = re.compile(r"^\| \*\*([a-z ]+)\*\* \| (.+) \| (`.+`) \|$", re.MULTILINE)
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
SECTION = "## Orders and money in figures"
SAME = re.compile(r"The same as `revenue`")
"""Of another name that an answer has besides."""
Schema = dict[str, Any]
SCHEMAS: dict[str, Schema] = json.loads(DOCUMENT.read_text())["components"]["schemas"]
MEANINGS = {
    name.strip("`"): meaning
    for _, meaning, names in ROW.findall(
        (ROOT / "docs" / "glossary.md").read_text().split(SECTION)[1].split("\n## ")[0]
    )
    for name in names.split(", ")
}
ANSWERS = ("BusinessMetrics", "Dashboard", "DayFigures", "CustomerLine", "OrdersSummary", "Rfm", "SegmentLine")
LEFT_OUT = {"other_currencies", "unknown_amounts", "free_orders"}
WITH_MONEY = ("BusinessMetrics", "Dashboard", "FunnelAnswer", "CustomersAnswer", "OrdersSummary", "SegmentsAnswer")


def test_the_glossary_defines_every_figure() -> None:
    assert MEANINGS.keys() >= {"orders", "total_customers", "revenue", "refunds", "net_revenue", "average_order_value"}
    assert MEANINGS.keys() >= LEFT_OUT


@pytest.mark.parametrize("answer", [*ANSWERS, *WITH_MONEY])
def test_the_api_says_what_the_glossary_says(answer: str) -> None:
    for name, field in SCHEMAS[answer]["properties"].items():
        if name in MEANINGS and not SAME.match(field["description"]) and name != "total_revenue":
            assert field["description"] == MEANINGS[name], f"{answer}.{name}"


@pytest.mark.parametrize("answer", WITH_MONEY)
def test_every_answer_with_money_counts_what_it_leaves_out(answer: str) -> None:
    assert SCHEMAS[answer]["properties"].keys() >= LEFT_OUT
