"""Amounts as people and systems write them: whatever a locale makes of a number is that number, or none."""

from decimal import Decimal

import pytest
from footfall.currencies import CODES, candidates, read_currency
from footfall.money import MINOR_DIGITS, digits_of, major_units, minor_units, read_amount
from hypothesis import example, given
from hypothesis import strategies as st

FORMATS = [  # what groups, what the decimal mark is, and how many digits a group holds: CLDR's, of 700 locales
    (",", ".", 3),
    (".", ",", 3),
    (" ", ",", 3),
    ("\u00a0", ",", 3),
    ("\u202f", ",", 3),
    ("\u2009", ".", 3),
    ("'", ".", 3),
    ("’", ".", 3),
    ("’", ",", 3),
    ("٬", "٫", 3),
    (",", ".", 2),  # India: 12,34,567
    ("", ".", 3),
    ("", ",", 3),
]
DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９"]
SIGNED = ["-{}", "−{}", "{}-", "{} -", "({})", "\u200e-{}", "- {}"]
AROUND = ["{}", "{} €", "€{}", "€ {}", "EUR {}", "{}\u00a0EUR", "\u200f{} €", " {} ", "{} euros", "(EUR) {}"]
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


def written(number: Decimal, places: int, group: str, mark: str, size: int) -> str:
    """The number as a locale writes it."""
    whole, _, rest = f"{number:.{places}f}".partition(".")
    parts = [whole[-3:]]
    whole = whole[:-3]
    while whole:
        parts.insert(0, whole[-size:])
        whole = whole[:-size]
    return group.join(parts) + (mark + rest if rest else "")


@given(
    number=AMOUNTS,
    places=st.integers(0, 4),
    form=st.sampled_from(FORMATS),
    digits=st.sampled_from(DIGITS),
    sign=st.sampled_from(["{}", *SIGNED]),
    around=st.sampled_from(AROUND),
)
@example(Decimal(1234), 0, (",", ".", 3), DIGITS[0], "{}", "{}")
def test_what_a_locale_writes_is_read_back_or_flagged(
    number: Decimal, places: int, form: tuple[str, str, int], digits: str, sign: str, around: str
) -> None:
    number = round(number, places)
    text = written(number, places, *form).translate(dict(zip(map(ord, DIGITS[0]), digits, strict=True)))
    found = read_amount(around.format(sign.format(text)))
    if found.number is None:
        assert found.flaw == "amount_ambiguous", text
        assert places in (0, 3), f"{text} has one reading"
    else:
        assert found.number == (-number if sign in SIGNED else number), text


@given(number=AMOUNTS, form=st.sampled_from(FORMATS), currency=st.sampled_from(["EUR", "JPY", "KWD", "GBP"]))
def test_an_amount_with_its_currencys_decimals_always_is_read(
    number: Decimal, form: tuple[str, str, int], currency: str
) -> None:
    digits = digits_of(currency)
    number = round(number, digits)
    found = minor_units(written(number, digits, *form), currency)
    if currency == "KWD" and found is None:  # 1,234 is 1,234 dinars in one country and 1.234 in another
        assert form[1] == ","
    else:
        assert found == number.scaleb(digits)


@given(st.text(alphabet="0123456789.,' -+()€$eE٫٬\u00a0", max_size=12))
def test_any_text_is_read_or_flagged_and_as_python_reads_it_where_it_does(text: str) -> None:
    found = read_amount(text)
    assert (found.number is None) == (found.flaw is not None)
    try:
        plain = Decimal(text.strip()) if "_" not in text else None
    except ArithmeticError:
        plain = None
    if plain is not None and found.number is not None:
        assert found.number == plain


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("4,245.42", "4245.42"),
        ("49,90", "49.90"),
        ("49.9", "49.9"),
        ("0.125", "0.125"),
        ("1234.567", "1234.567"),
        ("1.234.567", "1234567"),
        ("12.-", "12"),
        ("1.234,--", "1234"),
        ("1’234.–", "1234"),
        (".50", "0.50"),
        ("$.50", "0.50"),
        ("Rs.50", "50"),
        ("Rs. 1,23,456.50", "123456.50"),
        ("S/. 12.50", "12.50"),
        ("12,50 US-Dollar", "12.50"),
        ("US$ -12", "-12"),
        ("12.00 EUR €", "12"),
        ("1.0E-2", "0.01"),
        ("12.", "12"),
    ],
)
def test_a_text_with_one_reading_is_read(text: str, number: str) -> None:
    assert read_amount(text).number == Decimal(number)


@pytest.mark.parametrize("text", ["1.234", "1,234", "-12.000", "€ 999,999"])
def test_a_text_with_two_readings_is_ambiguous(text: str) -> None:
    assert read_amount(text).flaw == "amount_ambiguous"


@pytest.mark.parametrize(
    "told",
    [
        *["", "abc", "12€50", "12⁵⁰", "1½", "1,23.45", "1.2.3", "12-15", "10.11.2026", "12 each", "3 x 4", "50%"],
        *["(12", "--1", "1 23", "12:50", "NaN", "Infinity", "0x10", "1_000", "9" * 65, "EUR (12"],
        *[True, None, [5], {"a": 1}, float("nan")],
    ],
)
def test_what_is_no_amount_is_none(told: object) -> None:
    assert read_amount(told).flaw == "amount_unreadable"
    assert minor_units(told, "EUR") is None


def test_a_currencys_decimals_may_settle_it() -> None:
    assert (minor_units("5,400", "JPY"), minor_units("5.400", "JPY")) == (5400, 5400)
    assert (minor_units("1.234", "KWD"), minor_units("1,234", "KWD"), minor_units("1.234,500", "KWD")) == (
        1234,
        None,
        1234500,
    )


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_minor_and_major_units_are_each_others_inverse_for_what_people_pay(minor: int, currency: str) -> None:
    minor = minor % 10**12
    assert minor_units(major_units(minor, currency), currency) == minor


def test_every_code_is_its_own_and_no_sign_is_a_code() -> None:
    assert MINOR_DIGITS.keys() <= CODES
    for code in CODES:
        assert read_currency(f" {code.lower()} ", "EUR") == code
        assert code in candidates(code)


@pytest.mark.parametrize(
    ("told", "home", "code"),
    [
        ("€", "GBP", "EUR"),
        ("Euros", "GBP", "EUR"),
        ("£", "EUR", "GBP"),
        ("pound sterling", "EUR", "GBP"),
        ("pounds", "EUR", None),
        ("pounds", "GBP", "GBP"),
        ("$", "EUR", None),
        ("$", "AUD", "AUD"),
        ("US$", "AUD", "USD"),
        ("US dollars", "AUD", "USD"),
        ("USD $", "CAD", "USD"),
        ("EUR (€)", "GBP", "EUR"),
        ("kr.", "NOK", "NOK"),
        ("kr", "EUR", None),
        ("¥", "CNY", "CNY"),
        ("RMB", "EUR", "CNY"),
        ("NIS", "EUR", "ILS"),
        ("EUR USD", "EUR", None),
        ("crowns", "EUR", None),
        ("", "EUR", None),
        (978, "EUR", None),
        ("x" * 1000, "EUR", None),
    ],
)
def test_a_sign_is_read_where_it_is_one_currencys_or_the_sites(told: object, home: str, code: str | None) -> None:
    assert read_currency(told, home) == code
