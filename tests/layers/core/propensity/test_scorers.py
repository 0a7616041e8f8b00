"""Chances learnt from sessions whose law is known: told only where they are surely better than simpler ones."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from footfall.models.propensity_scorers import found
from footfall.propensity.columns import NEVER, Sessions, arrays_of
from footfall.propensity.scoring import AFTER

KINDS = ["click", "pageview home", "pageview payment", "pageview product", "product_added"]
HOME, PAYMENT, PRODUCT, ADDED = 1, 2, 3, 4


def a_shop(sessions: int, seed: int, *, tells: bool, rate: float = -2.5) -> Sessions:
    """Sessions of eight events whose chance grows with the products added, on a desktop more, or with nothing."""
    random = np.random.default_rng(seed)
    codes = random.choice([HOME, PRODUCT, ADDED], (sessions, 8), p=[0.4, 0.4, 0.2])
    devices = random.integers(0, 2, sessions)
    logits = rate + tells * (4.0 * (codes[:, :5] == ADDED).mean(axis=1) + 1.5 * (devices == 0))
    happened = random.random(sessions) < 1 / (1 + np.exp(-logits))
    return Sessions(
        kinds=KINDS,
        sources=["direct", "google"],
        begins=np.arange(sessions + 1) * 8,
        codes=codes.ravel(),
        times=(np.arange(sessions)[:, None] * 60_000 + np.arange(8) * 5_000).ravel(),
        ordered=np.where(happened, 8, NEVER),
        viewed=np.zeros(sessions, np.int64),
        devices=devices,
        sources_of=random.integers(0, 2, sessions),
    )


@cache
def learnt(seed: int = 7, *, tells: bool = True, sessions: int = 6_000):  # type: ignore[no-untyped-def]
    return found(arrays_of(a_shop(sessions, seed, tells=tells)))


def judged(events: int, sessions: int = 6_000) -> dict[str, object]:
    by_events = learnt(sessions=sessions).figures["by_events"]
    assert isinstance(by_events, list)
    return next(each for each in by_events if each["events"] == events)


def test_what_tells_of_orders_is_found() -> None:
    details, figures = learnt()
    served = {scorer["events"]: scorer for scorer in details["scorers"]}
    assert {1, 3, 5} <= served.keys() <= set(AFTER)
    assert not details["degraded"]
    assert details["reason"] is None
    five = served[5]
    assert five["share"]["product_added"] - five["share"]["pageview home"] > 2
    assert five["device"]["Desktop"] - five["device"]["Mobile"] == pytest.approx(1.5, abs=0.4)
    baselines = figures["baselines"]
    assert isinstance(baselines, dict)
    assert set(baselines) == {"base_rate", "page_chain"}
    assert all(figures["auc"] > each["auc"] and figures["log_loss"] < each["log_loss"] for each in baselines.values())


def test_chances_come_true() -> None:
    assert judged(5, sessions=40_000)["calibration_error"] < 0.02  # type: ignore[operator]


def test_of_twenty_events_nothing_is_told_where_sessions_have_eight() -> None:
    assert judged(20) == {"events": 20, "served": False}


def test_where_nothing_tells_of_orders_no_chance_is_told() -> None:
    details, figures = learnt(tells=False)
    assert (details["scorers"], details["degraded"]) == ([], True)
    assert "not surely better than base_rate" in str(details["reason"])
    assert figures["scorers"] == 0


@pytest.mark.parametrize("sessions", [0, 1, 3, 200])
def test_a_small_shop_is_told_why_it_has_no_chances(sessions: int) -> None:
    details, figures = learnt(sessions=sessions)
    assert (details["scorers"], details["degraded"]) == ([], True)
    assert "after 1 events" in str(details["reason"])
    assert figures["sessions"] == sessions


def test_a_shop_where_everybody_orders_has_no_chances() -> None:
    shop = a_shop(2_000, 1, tells=True)
    details, _ = found(arrays_of(replace(shop, ordered=np.full(2_000, 8))))
    assert details["degraded"]


def test_sessions_that_are_all_alike_have_no_chances() -> None:
    shop = a_shop(3_000, 1, tells=False)
    same = {name: np.zeros_like(getattr(shop, name)) for name in ("codes", "devices", "sources_of")}
    details, _ = found(arrays_of(replace(shop, **same)))
    assert details["degraded"]


def test_the_same_sessions_give_the_same_scorers() -> None:
    shop = arrays_of(a_shop(3_000, 5, tells=True))
    assert found(shop) == found(shop)


def test_later_sessions_do_not_change_what_was_learnt() -> None:
    shop = a_shop(6_000, 7, tells=True)
    last = slice(5_000, 6_000)
    ordered = shop.ordered.copy()
    ordered[last] = np.where(ordered[last] == NEVER, 8, NEVER)
    turned, _ = found(arrays_of(replace(shop, ordered=ordered)))
    assert turned["degraded"], "the last fifth judges, and there all is the other way round"
