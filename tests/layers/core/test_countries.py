"""Countries as people and systems write them: one code, or none."""

import pytest
from footfall.countries import BY_CODE, CODES, _names, country_code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("IT", "IT"),
        (" it ", "IT"),
        ("ITA", "IT"),
        ("Italy", "IT"),
        ("ITALIA", "IT"),
        ("U.S.A.", "US"),
        ("United States of America", "US"),
        ("UK", "GB"),
        ("Great Britain", "GB"),
        ("united-kingdom", "GB"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d’Ivoire", "CI"),
        ("Saint Lucia", "LC"),
        ("St. Lucia", "LC"),
        ("Bosnia and Herzegovina", "BA"),
        ("Korea, Republic of", "KR"),
        ("Türkiye", "TR"),
        ("Österreich", "AT"),
        ("Kosovo", "XK"),
    ],
)
def test_a_country_is_read_however_it_is_written(written: str, code: str) -> None:
    assert country_code(written) == code


@pytest.mark.parametrize("written", ["", "  ", "XX", "T1", "ZZ", "Korea", "Congo", "EU", "Atlantis", "Rome", "i", "1"])
def test_what_is_no_country_or_may_be_two_is_none(written: str) -> None:
    assert country_code(written) is None


def test_every_country_has_one_code_of_each_length_and_a_name() -> None:
    short, long = CODES[::2], CODES[1::2]
    assert len(set(short)) == len(set(long)) == len(short) == 250
    assert {len(code) for code in short} == {2}
    assert {len(code) for code in long} == {3}
    assert set(_names().values()) == set(short)
    assert set(BY_CODE.values()) == set(short)
