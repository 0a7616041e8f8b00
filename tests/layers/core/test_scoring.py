"""A score is bounded, the sum of its parts, and never falls where a part gets better."""

from fractions import Fraction

from footfall.scoring import WHOLE, Part, Scale, score, shared_out
from hypothesis import assume, given
from hypothesis import strategies as st

figures = st.floats(-1_000, 1_000)
scales = st.tuples(figures, figures).filter(lambda ends: abs(ends[0] - ends[1]) > 0.01).map(lambda ends: Scale(*ends))
parts = st.builds(Part, weight=st.integers(1, 60), scale=scales, figure=st.none() | figures)
some_parts = st.lists(parts, min_size=1, max_size=8)


@given(some_parts)
def test_a_score_is_from_0_to_100_and_the_sum_of_what_its_parts_contribute(some: list[Part]) -> None:
    found = score(some)
    given = [contribution for contribution in found.contributions if contribution]
    if found.value is None:
        assert not given
        return
    assert 0 <= found.value <= 100
    assert round(100 * found.value) == sum(round(100 * each.points) for each in given)
    assert sum(round(100 * each.weight) for each in given) == WHOLE
    assert all(0 <= each.points <= each.weight for each in given)


@given(some_parts)
def test_a_score_is_that_of_exact_fractions_to_a_hundredth_a_part(some: list[Part]) -> None:
    found = score(some)
    assume(found.value is not None)
    known = [part for part in some if part.figure is not None]
    total = sum(part.weight for part in known)
    exact = sum(Fraction(100 * part.weight, total) * _level(part) for part in known)
    assert abs(Fraction(str(found.value)) - exact) <= Fraction(15, 1000) * len(known)


def _level(part: Part) -> Fraction:
    worst, best, figure = map(Fraction, (*part.scale, part.figure or 0))
    return min(max((figure - worst) / (best - worst), Fraction(0)), Fraction(1))


@given(some_parts, st.integers(0, 7), st.floats(0, 500))
def test_a_part_that_gets_better_never_makes_the_score_fall(some: list[Part], place: int, more: float) -> None:
    part = some[place % len(some)]
    assume(part.figure is not None)
    assert part.figure is not None
    up = part.scale.best > part.scale.worst
    better = [*some]
    better[place % len(some)] = part._replace(figure=part.figure + (more if up else -more))
    before, after = score(some).value, score(better).value
    assert (before is None) == (after is None)
    assert before is None or after is None or before <= after


@given(some_parts)
def test_the_same_parts_always_give_the_same_score(some: list[Part]) -> None:
    assert score(some) == score([*some])


def test_parts_that_are_not_known_leave_their_weight_to_the_others_if_those_are_at_least_half() -> None:
    known, unknown = Part(50, Scale(0, 10), 5), Part(50, Scale(0, 10), None)
    assert score([known, unknown]).value == 50.0
    assert score([known, unknown]).contributions[1] is None
    assert score([known._replace(weight=49), unknown]).value is None
    assert score([unknown]) == score([unknown])
    assert score([]).value is None


@given(st.lists(st.integers(0, 60), min_size=1, max_size=9).filter(any))
def test_weights_are_shared_out_whole_and_each_within_one_of_its_share(weights: list[int]) -> None:
    shares = shared_out(weights)
    assert sum(shares) == WHOLE
    for weight, share in zip(weights, shares, strict=True):
        assert abs(share - Fraction(WHOLE * weight, sum(weights))) < 1
        assert weight or not share
