"""From tokens to vectors: the same for one person as for all, and near for people who behave alike."""

import numpy as np
from footfall.customers.arrays import projection_arrays, projection_of
from footfall.customers.features import features_of, measures
from footfall.customers.profile import in_common, main_device, profile_of, read, written
from footfall.customers.projection import DIMENSIONS, project
from footfall.customers.traits import TRAITS, described, name_of, unique_names
from footfall.models.directions import fit_projection

READER = {"page:home": 2.0, "product:book": 4.0, "device:Desktop": 1.0, "sum:visits": 1.0, "sum:pages": 2.0}
COOK = {"page:search": 3.0, "product:pan": 8.0, "device:Mobile": 2.0, "sum:visits": 2.0, "sum:pages": 3.0}
PEOPLE = [READER, {**READER, "page:home": 3.0}, COOK, {**COOK, "product:pot": 1.0}]
NEVER = np.full(len(PEOPLE), np.nan)


def test_every_vector_has_128_dimensions_and_length_one() -> None:
    features = features_of(PEOPLE)
    vectors = project(fit_projection(features, NEVER), features, NEVER)
    assert vectors.shape == (len(PEOPLE), DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_one_person_is_projected_as_among_all() -> None:
    features = features_of(PEOPLE)
    projection = fit_projection(features, NEVER)
    together = project(projection, features, NEVER)
    alone = [project(projection, features_of([tokens]), np.array([np.nan]))[0] for tokens in PEOPLE]
    assert np.allclose(together, alone, atol=1e-6)


def test_people_who_behave_alike_are_nearer_than_others() -> None:
    features = features_of(PEOPLE)
    vectors = project(fit_projection(features, NEVER), features, NEVER)
    similarity = vectors @ vectors.T
    assert similarity[0, 1] > 0.8 > similarity[0, 2]
    assert similarity[2, 3] > 0.8 > similarity[1, 3]


def test_what_training_never_saw_is_left_out_of_account() -> None:
    features = features_of(PEOPLE)
    projection = fit_projection(features, NEVER)
    known, more = (
        project(projection, features_of([tokens]), NEVER[:1]) for tokens in (COOK, {**COOK, "page:new": 9.0})
    )
    assert np.allclose(known, more)


def test_the_same_people_give_the_same_projection() -> None:
    many = [{f"product:{number % 97}": 1.0, f"product:{number % 89}": 2.0} for number in range(300)]
    never = np.full(len(many), np.nan)
    first, second = (projection_arrays(fit_projection(features_of(many), never)) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_projection_survives_being_laid_out_as_arrays() -> None:
    features = features_of(PEOPLE)
    projection = fit_projection(features, NEVER)
    again = projection_of(projection_arrays(projection))
    assert np.array_equal(project(again, features, NEVER), project(projection, features, NEVER))


def test_nobody_at_all_can_be_fitted() -> None:
    nobody = features_of([])
    assert project(fit_projection(nobody, np.zeros(0)), nobody, np.zeros(0)).shape == (0, DIMENSIONS)


def test_features_give_back_each_persons_tokens() -> None:
    assert [dict(sorted(tokens.items())) for tokens in features_of(PEOPLE).people()] == [
        dict(sorted(tokens.items())) for tokens in PEOPLE
    ]


def test_some_rows_of_features_keep_the_order_asked_for() -> None:
    chosen = features_of(PEOPLE).of_rows(np.array([2, 0], np.int32))
    assert [tokens.get("page:search", 0) for tokens in chosen.people()] == [3, 0]


def test_measures_of_somebody_without_orders_are_missing_not_zero() -> None:
    found = measures(features_of([READER]).sums(), np.array([np.nan]))[0]
    assert np.isnan(found[6:10]).tolist() == [True, True, True, False]
    assert np.isnan(found[-1])


def test_a_profile_names_what_is_foremost() -> None:
    profile = profile_of({"page:home": 1.0, "page:search": 5.0, "product:tea": 1.0, "hour:3": 9.0})
    assert (profile.pages, profile.products) == (["search", "home"], ["tea"])
    assert read(written(profile)) == profile


def test_a_profile_of_long_names_is_cut_to_what_the_store_takes() -> None:
    profile = profile_of({f"product:{'é' * 79}{number}": 1.0 for number in range(200)})
    assert len(written(profile_of({f"product:{'漢' * 79}{n}": 1.0 for n in range(200)})).encode()) <= 8_000
    assert len(profile.products) == 30


def test_what_two_people_have_in_common_is_in_the_order_of_the_first() -> None:
    one, other = profile_of({"page:a": 2.0, "page:b": 1.0}), profile_of({"page:b": 9.0, "page:a": 1.0, "page:c": 1.0})
    assert in_common(one, other).pages == ["a", "b"]


def test_the_main_device_is_that_of_most_visits() -> None:
    assert main_device({"device:Mobile": 2.0, "device:Desktop": 1.0}) == "Mobile"
    assert main_device({"page:home": 1.0}) == "Other"


def test_groups_are_named_after_what_sets_them_apart() -> None:
    like_all = dict.fromkeys(TRAITS, 0.0)
    assert name_of({**like_all, "orders": 2.0, "order_value": 1.0}) == "Frequent, big orders"
    assert name_of({**like_all, "orders": -2.0}) == "Occasional"
    assert described({**like_all, "mobile": 0.7, "orders": -2.0}) == "More than others: occasional, mobile"
    assert described(like_all) == "Much like everybody"


def test_no_two_groups_are_called_the_same() -> None:
    alike = {**dict.fromkeys(TRAITS, 0.0), "orders": 2.0}
    names = unique_names([alike, {**alike, "weekend": 1.0}, {**alike, "weekend": 1.0, "mobile": 0.9}, alike])
    assert len(set(names)) == 4
