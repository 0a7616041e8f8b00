"""The models of buying find in CDNOW's sample what their authors published of it."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest
from footfall.forecasts.bg_nbd import BgNbd
from footfall.forecasts.gamma_gamma import GammaGamma
from footfall.forecasts.histories import Histories, histories
from footfall.forecasts.pareto_nbd import ParetoNbd
from footfall.forecasts.trade_log import TradeLog, counts, first_purchases, purchases_of, standing, sums

from tests.support.cdnow import SAMPLE, cdnow

CALIBRATION_ENDS = date(1997, 9, 30).toordinal()


@pytest.fixture(scope="module")
def sample() -> TradeLog:
    """The purchases of the first 39 weeks of every tenth customer."""
    return cdnow(SAMPLE).before(CALIBRATION_ENDS + 1)


@pytest.fixture(scope="module")
def seen(sample: TradeLog) -> Histories:
    """How often, until when and for how long."""
    found = standing(sample)
    return histories(found.purchases, found.first, found.last, CALIBRATION_ENDS)


def rounded(parameters: Mapping[str, float], digits: int) -> list[float]:
    return [round(value, digits) for value in parameters.values()]


def test_the_sample_has_the_customers_and_repeats_of_the_papers(seen: Histories) -> None:
    assert len(seen.repeats) == 2_357
    assert seen.repeats.sum() == 2_457


def test_bg_nbd_is_as_published(seen: Histories) -> None:
    found = BgNbd.fit(seen)
    assert rounded(found.parameters, 3) == [0.243, 4.414, 0.793, 2.426]
    assert round(found.log_likelihood, 1) == -9_582.4


def test_pareto_nbd_is_as_published(seen: Histories) -> None:
    found = ParetoNbd.fit(seen)
    assert rounded(found.parameters, 3) == [0.553, 10.578, 0.606, 11.669]
    assert round(found.log_likelihood, 1) == -9_595.0


def test_gamma_gamma_is_as_published(sample: TradeLog) -> None:
    # of what comes after the first purchase, as in the authors' note
    found = purchases_of(sample.orders)
    again = ~first_purchases(found)
    repeats = counts(found.customer[again], sample.customers)
    spent = sums(found.customer[again], found.amount[again], sample.customers)
    who = spent > 0
    estimate = GammaGamma.fit(repeats[who].astype(float), spent[who] / repeats[who] / 100)
    assert rounded(estimate.parameters, 2) == [6.25, 3.74, 15.44]


def test_a_customer_of_the_paper_is_expected_to_buy_as_often_as_it_says() -> None:
    # Fader, Hardie and Lee's customer 0001: x = 2, t_x = 30.43, T = 38.86, in the next 39 weeks
    model = BgNbd(0.243, 4.414, 0.793, 2.426)
    one = Histories(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    expected = float((model.alive(one) * model.purchases_if_alive(one, 39))[0])
    assert round(expected, 3) == 1.226
