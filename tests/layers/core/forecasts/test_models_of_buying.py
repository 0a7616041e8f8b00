"""The models of buying, against the integrals and the chance experiments that define them."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from footfall.forecasts.bg_nbd import BgNbd
from footfall.forecasts.gamma_gamma import GammaGamma
from footfall.forecasts.histories import Histories, histories, weighted
from footfall.forecasts.likelihood import NotFitted, Reals
from footfall.forecasts.pareto_nbd import ParetoNbd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

Model = BgNbd | ParetoNbd
PARETO = [ParetoNbd(0.55, 10.58, 0.61, 11.67), ParetoNbd(1.8, 4.0, 1.0, 30.0), ParetoNbd(0.3, 30.0, 2.5, 6.0)]
BG = [BgNbd(0.24, 4.41, 0.79, 2.43), BgNbd(1.5, 6.0, 1.0, 4.0), BgNbd(3.0, 10.0, 0.2, 9.0)]
ONES = [(0, 0.0, 12.0), (1, 5.0, 12.0), (4, 30.0, 38.9), (9, 38.0, 38.9), (2, 20.0, 20.0)]


def one(x: float, last: float, watched: float) -> Histories:
    return Histories(np.array([float(x)]), np.array([last]), np.array([watched]))


def drawn(model: Model, weeks: float, customers: int, random: np.random.Generator) -> list[tuple[list[float], bool]]:
    """When customers buy in so many weeks after their first purchase, and whether they are still there at the end."""
    found = []
    for _ in range(customers):
        rate = random.gamma(model.r, 1 / model.alpha)
        if isinstance(model, ParetoNbd):
            gone_at, leaves = random.exponential(1 / max(random.gamma(model.s, 1 / model.beta), 1e-300)), 0.0
        else:
            gone_at, leaves = math.inf, random.beta(model.a, model.b)
        moment, times, there = 0.0, [], True
        while there:
            moment += random.exponential(1 / max(rate, 1e-300))
            if moment > min(weeks, gone_at):
                break
            times.append(moment)
            there = random.random() >= leaves
        found.append((times, there and gone_at > weeks))
    return found


@pytest.mark.parametrize("model", PARETO)
@pytest.mark.parametrize("seen", ONES)
def test_pareto_nbd_is_the_integral_over_all_rates(model: ParetoNbd, seen: tuple[int, float, float]) -> None:
    # in equal steps of the logarithms of the rates, whose densities have poles at 0
    x, last, watched = seen
    logs = np.linspace(-90, 6, 2_401)
    lam, mu = np.exp(logs)[:, None], np.exp(logs)[None, :]
    there = lam**x * np.exp(-(lam + mu) * watched)
    gone = lam**x * mu * (np.exp(-(lam + mu) * last) - np.exp(-(lam + mu) * watched)) / (lam + mu)
    rates = gamma_distribution(model.r, scale=1 / model.alpha).pdf(lam) * lam
    leaving = gamma_distribution(model.s, scale=1 / model.beta).pdf(mu) * mu
    whole = float(((there + gone) * rates * leaving).sum()) * (logs[1] - logs[0]) ** 2
    assert float(model.log_likelihoods(one(*seen))[0]) == pytest.approx(math.log(whole), abs=1e-6)


@pytest.mark.parametrize("model", PARETO)
@pytest.mark.parametrize("seen", ONES)
def test_pareto_nbd_is_alive_as_in_closed_form(model: ParetoNbd, seen: tuple[int, float, float]) -> None:
    # Fader and Hardie, A note on deriving the Pareto/NBD model (2005), equations 11 and 18
    (r, alpha, s, beta), (x, last, watched) = model, seen
    larger, power = (alpha, s + 1) if alpha >= beta else (beta, r + x)

    def part(moment: float) -> float:
        z = abs(alpha - beta) / (larger + moment)
        return float(hyp2f1(r + s + x, power, r + s + x + 1, z) / (larger + moment) ** (r + s + x))

    scale = (alpha + watched) ** (r + x) * (beta + watched) ** s
    odds = s / (r + s + x) * scale * (part(last) - part(watched))
    assert float(model.alive(one(*seen))[0]) == pytest.approx(1 / (1 + odds), rel=1e-9)


@pytest.mark.parametrize("model", BG)
@pytest.mark.parametrize("seen", ONES)
def test_bg_nbd_is_the_integral_over_all_rates(model: BgNbd, seen: tuple[int, float, float]) -> None:
    x, last, watched = seen
    rates, leaving = gamma_distribution(model.r, scale=1 / model.alpha), beta_distribution(model.a, model.b)
    there = quad(lambda lam: lam**x * math.exp(-lam * watched) * rates.pdf(lam), 0, np.inf)[0]
    there *= quad(lambda p: (1 - p) ** x * leaving.pdf(p), 0, 1)[0]
    gone = quad(lambda lam: lam**x * math.exp(-lam * last) * rates.pdf(lam), 0, np.inf)[0] if x else 0.0
    gone *= quad(lambda p: p * (1 - p) ** max(x - 1, 0) * leaving.pdf(p), 0, 1)[0]
    assert float(model.log_likelihoods(one(*seen))[0]) == pytest.approx(math.log(there + gone), abs=1e-4)
    assert float(model.alive(one(*seen))[0]) == pytest.approx(there / (there + gone), abs=1e-4)


def differences(log_likelihoods: Callable[[list[float]], Reals], parameters: Sequence[float]) -> Reals:
    """The derivatives of what is most likely, by how little it changes with each parameter."""
    found = []
    for at, value in enumerate(parameters):
        step = 1e-5 * value
        more, less = ([each + sign * step * (place == at) for place, each in enumerate(parameters)] for sign in (1, -1))
        found.append((log_likelihoods(more) - log_likelihoods(less)) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize("model", BG)
def test_slopes_of_bg_nbd_are_what_a_little_more_of_a_parameter_does(model: BgNbd) -> None:
    seen = Histories(*(np.array(column, float) for column in zip(*ONES, strict=True)))
    expected = differences(lambda told: BgNbd(*told).log_likelihoods(seen), model)
    assert model.slopes(seen) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("model", [GammaGamma(6.25, 3.74, 15.44), GammaGamma(0.5, 1.2, 300.0)])
def test_slopes_of_gamma_gamma_are_what_a_little_more_of_a_parameter_does(model: GammaGamma) -> None:
    purchases, mean = np.array([1.0, 2.0, 40.0]), np.array([0.5, 35.0, 900.0])
    expected = differences(lambda told: GammaGamma(*told).log_likelihoods(purchases, mean), model)
    assert model.slopes(purchases, mean) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("model", [*PARETO, *BG])
@pytest.mark.parametrize("seen", ONES)
def test_what_is_expected_is_the_mean_of_what_is_drawn(model: Model, seen: tuple[int, float, float]) -> None:
    weeks, draws = 26.0, 40_000
    found = model.drawn_if_alive(one(*seen), weeks, np.random.default_rng(7), draws)[0]
    error = 5 * float(found.std()) / math.sqrt(draws)
    assert float(model.purchases_if_alive(one(*seen), weeks)[0]) == pytest.approx(found.mean(), abs=error)
    buys = float(model.buys_if_alive(one(*seen), np.array([weeks]))[0])
    assert buys == pytest.approx((found > 0).mean(), abs=5 * math.sqrt(0.25 / draws))


@pytest.mark.parametrize("model", [PARETO[0], BG[0]])
def test_customers_do_what_was_expected_of_them(model: Model) -> None:
    """Customers are drawn by what the model assumes, watched for 30 weeks and then for 20 more."""
    lives = drawn(model, 50.0, 12_000, np.random.default_rng(11))
    early = [[time for time in times if time <= 30] for times, _ in lives]
    later = np.array([len(times) - len(first) for (times, _), first in zip(lives, early, strict=True)])
    seen = Histories(
        np.array([float(len(times)) for times in early]),
        np.array([times[-1] if times else 0.0 for times in early]),
        np.full(len(lives), 30.0),
    )
    expected = model.alive(seen) * model.purchases_if_alive(seen, 20.0)
    buys = model.alive(seen) * model.buys_if_alive(seen, np.full(len(lives), 20.0))
    for group in (seen.repeats == 0, seen.repeats == 1, seen.repeats >= 2):
        error = 5 * later[group].std() / math.sqrt(group.sum())
        assert expected[group].mean() == pytest.approx(later[group].mean(), abs=error)
        assert buys[group].mean() == pytest.approx((later[group] > 0).mean(), abs=5 * math.sqrt(0.25 / group.sum()))


@pytest.mark.parametrize("model", [PARETO[0], BG[0]])
def test_parameters_that_made_the_customers_are_found_again(model: Model) -> None:
    lives = drawn(model, 52.0, 8_000, np.random.default_rng(5))
    seen = Histories(
        np.array([float(len(times)) for times, _ in lives]),
        np.array([times[-1] if times else 0.0 for times, _ in lives]),
        np.full(len(lives), 52.0),
    )
    found = type(model).of(type(model).fit(seen).parameters)
    assert found.r == pytest.approx(model.r, rel=0.3)
    assert found.alpha == pytest.approx(model.alpha, rel=0.3)
    assert float(found.alive(seen).mean()) == pytest.approx(float(model.alive(seen).mean()), abs=0.05)


def test_gamma_gamma_expects_what_comes_next() -> None:
    random, model = np.random.default_rng(3), GammaGamma(6.25, 3.74, 15.44)
    scale = random.gamma(model.q, 1 / model.gamma, 200_000)
    purchases = random.integers(1, 6, len(scale)).astype(float)
    mean = random.gamma(model.p * purchases) / scale / purchases
    following = random.gamma(model.p, 1 / scale)
    expected = model.expected(purchases, mean)
    for group in (mean < 20, (mean >= 20) & (mean < 50), mean >= 50):
        assert expected[group].mean() == pytest.approx(following[group].mean(), rel=0.02)
    found = GammaGamma.fit(purchases[:20_000], mean[:20_000])
    assert found.parameters["p"] == pytest.approx(model.p, rel=0.1)
    drawn_too = model.drawn(purchases[:5], mean[:5], np.full((5, 40_000), 2.0), random)
    assert drawn_too.mean(axis=1) == pytest.approx(2 * expected[:5], rel=0.03)
    assert (model.drawn(purchases[:5], mean[:5], np.zeros((5, 3)), random) == 0).all()


def test_money_may_be_in_any_unit() -> None:
    random = np.random.default_rng(6)
    purchases = random.integers(1, 6, 800).astype(float)
    euros = random.gamma(6.25 * purchases) / random.gamma(3.74, 1 / 15.44, 800) / purchases
    by_euros, by_cents = GammaGamma.fit(purchases, euros), GammaGamma.fit(purchases, 100 * euros)
    assert by_cents.parameters["gamma"] == pytest.approx(100 * by_euros.parameters["gamma"], rel=1e-3)
    in_euros = GammaGamma.of(by_euros.parameters).expected(purchases, euros)
    assert GammaGamma.of(by_cents.parameters).expected(purchases, 100 * euros) == pytest.approx(
        100 * in_euros, rel=1e-3
    )


@pytest.mark.parametrize("model", [*PARETO, *BG])
def test_nothing_overflows_for_who_buys_every_day(model: Model) -> None:
    seen = Histories(np.array([3_000.0, 3_000, 0]), np.array([430.0, 100, 0]), np.array([430.0, 430, 0]))
    found = (
        model.log_likelihoods(seen),
        model.alive(seen),
        model.purchases_if_alive(seen, 52.0),
        model.buys_if_alive(seen, np.full(3, 52.0)),
    )
    assert all(np.isfinite(values).all() for values in found)
    assert all(((values >= 0) & (values <= 1)).all() for values in (found[1], found[3]))


def test_of_nobody_and_of_customers_who_are_all_alike_nothing_is_fitted() -> None:
    nobody = Histories(*np.zeros((3, 0)))
    for fit in (BgNbd.fit, ParetoNbd.fit):
        with pytest.raises(NotFitted):
            fit(nobody)
        with pytest.raises(NotFitted):
            fit(Histories(np.zeros(50), np.zeros(50), np.full(50, 9.0)))
    for purchases, mean in ((np.zeros(0), np.zeros(0)), (np.full(40, 2.0), np.full(40, 10.0))):
        with pytest.raises(NotFitted):
            GammaGamma.fit(purchases, mean).settled()


def test_where_nobody_leaves_parameters_are_endless_and_what_is_foreseen_is_not() -> None:
    random = np.random.default_rng(2)
    repeats = random.poisson(8, 400).astype(float)
    seen = Histories(repeats, np.where(repeats > 0, 40 - 40 / (repeats + 2), 0), np.full(400, 40.0))
    found = ParetoNbd.fit(seen)
    assert found.endless
    with pytest.raises(NotFitted, match="grows without end"):
        found.settled()
    model = ParetoNbd.of(found.parameters)
    expected = model.alive(seen) * model.purchases_if_alive(seen, 40.0)
    assert expected.mean() == pytest.approx(repeats.mean(), rel=0.05)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30))
@settings(max_examples=30)
def test_customers_who_are_alike_are_reckoned_once(days: list[tuple[int, int, int]]) -> None:
    purchases, first, more = (np.array(column) for column in zip(*days, strict=True))
    last = first + np.where(purchases > 1, more, 0)
    seen = histories(purchases, first, last, 60)
    together = weighted(seen)
    model: Reals = PARETO[0].log_likelihoods(seen)
    assert together.customers @ PARETO[0].log_likelihoods(together.histories) == pytest.approx(model.sum())
