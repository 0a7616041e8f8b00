"""Money: amounts as people and systems write them; minor units of a currency in what is stored, major in answers.

An amount is read when it has one reading, and never guessed. Of what two separators may mean in a text:

* The last of two kinds is the decimal mark: `1,234.50`, `1.234,50`, `1 234,50`, `1'234.50`.
* One kind, several times, groups: `1,234,567`. Blanks and apostrophes always group.
* A single point or comma is the decimal mark, unless exactly three digits stand behind it and one to three before it:
  `49,90` and `0.125` have one reading, `1.234` and `1,234` have two. Those are ambiguous, except in a currency without
  decimals, where it groups, and with a point in one of three decimals, which is how its amounts are written.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from footfall.caching import cached_for_short_texts
from footfall.currencies import candidates

WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = {**dict.fromkeys(WITHOUT_DECIMALS.split(), 0), **dict.fromkeys(WITH_THREE.split(), 3)}
"""Decimals of the currencies that have not two (ISO 4217)."""
MOST_MINOR_UNITS = 10**15
LONGEST = 64
PLAIN = re.compile(r"[+-]?[0-9]{1,15}(\.([0-9]{1,2}|[0-9]{4,12}))?")
"""What machines write, in one reading."""
SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?[eE][+-]?[0-9]{1,2}")
WRITTEN = re.compile(
    r"(?P<before>[^0-9]*?)(?P<number>(?<![^\W\d_])[.,][0-9]+|[0-9](?:[0-9.,' ٫٬]*[0-9])?)(?P<after>[^0-9]*)"
)
DASHED = re.compile(r"([.,])--?")
"""Stands for no cents: `12.-`, `12,--`."""
ALIKE = str.maketrans(
    {
        **dict.fromkeys("−‐‑‒–—﹣－", "-"),
        **dict.fromkeys("’‘ʼ´`′＇", "'"),
        "＋": "+",
        "．": ".",
        "，": ",",
        "（": "(",
        "）": ")",
        "·": ".",
    }
)
"""Minus signs, apostrophes and wide forms, as the one that is read."""
HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
"""Within a name, as in US-Dollar: no sign of a negative amount."""
SIGNS = str.maketrans("+-()", "    ")
SIGNS_AND_NO_BRACKETS = str.maketrans("+-", "  ")
ARABIC_MARK = "٫"
Flaw = Literal["amount_unreadable", "amount_ambiguous"]


class Amount(NamedTuple):
    """An amount as read: its number, the currency's sign as it was written with it, or what is wrong with it."""

    number: Decimal | None
    sign: str = ""
    flaw: Flaw | None = None


UNREADABLE = Amount(None, flaw="amount_unreadable")
AMBIGUOUS = Amount(None, flaw="amount_ambiguous")


def digits_of(currency: str) -> int:
    """Returns how many decimals a currency has."""
    return MINOR_DIGITS.get(currency, 2)


def read_amount(told: object, digits: int = 2) -> Amount:
    """Returns a number, or a text with one, as an exact amount of a currency with so many decimals; never fails."""
    if isinstance(told, str):
        return _read(told, digits)
    if isinstance(told, bool) or not isinstance(told, (int, float, Decimal)):
        return UNREADABLE
    number = Decimal(str(told)) if isinstance(told, float) else Decimal(told)
    return Amount(number) if number.is_finite() else UNREADABLE


@cached_for_short_texts(8192)
def _read(text: str, digits: int) -> Amount:
    text = text.strip()
    if PLAIN.fullmatch(text) or SCIENTIFIC.fullmatch(text):
        return Amount(Decimal(text))
    found = WRITTEN.fullmatch(_alike(text)) if len(text) <= LONGEST else None
    if found is None:
        return UNREADABLE
    after, dash = found["after"], DASHED.match(found["after"])
    if dash:
        after = after[dash.end() :]
    elif after[:1] in (".", ","):  # of "12."; that of "12 kr." belongs to the sign
        after = after[1:]
    around = _around(found["before"], after)
    if around is None:
        return UNREADABLE
    number = _number(found["number"], digits, dash[1] if dash else None)
    if number.number is None:
        return number
    negative, sign = around
    return Amount(-number.number if negative else number.number, sign)


def _alike(text: str) -> str:
    # digits of any script, blanks of any width, no marks of direction; other numerals (½, ²) stay, and are not read
    kept = (character for character in text if unicodedata.category(character) != "Cf")
    return "".join(map(_plain, kept)).translate(ALIKE).strip()


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def _around(before: str, after: str) -> tuple[bool, str] | None:
    # what stands around a number: whether it is negative, and the currency's sign; None when it is something else
    both = HYPHEN.sub(" ", f"{before} {after}".strip())
    if not both:
        return False, ""
    signs = both.count("-") + both.count("+")
    enclosed = "(" in before and ")" in after
    if signs + enclosed > 1 or both.count("(") != both.count(")"):
        return None
    currency = both.translate(SIGNS if enclosed else SIGNS_AND_NO_BRACKETS).strip()
    if currency and not candidates(currency):
        return None
    return enclosed or "-" in both, currency


def _number(text: str, digits: int, mark: str | None) -> Amount:
    # `mark` is the decimal mark where a dash behind it stands for no cents
    text = text.replace("٬", "'")
    mark = ARABIC_MARK if ARABIC_MARK in text else mark
    kinds = list(dict.fromkeys(character for character in text if not character.isdigit()))
    if mark is None and kinds and _is_decimal(text, kinds):
        mark = kinds[-1]
    if mark is None and len(kinds) == 1 and kinds[0] in ".," and text.count(kinds[0]) == 1:
        mark = _mark_of_one(kinds[0], digits)
        if mark is None:
            return AMBIGUOUS
    return _exact(text, mark or "")


def _is_decimal(text: str, kinds: list[str]) -> bool:
    # whether the last separator can only be the decimal mark
    last = kinds[-1]
    whole, _, rest = text.rpartition(last)
    if last not in ".," or text.count(last) > 1:
        return False
    return len(kinds) > 1 or len(rest) != 3 or not 1 <= len(whole) <= 3 or whole.startswith("0")


def _mark_of_one(separator: str, digits: int) -> str | None:
    # three digits behind a single separator: "" where it groups, None where that cannot be told
    if digits == 0:
        return ""
    return separator if digits == 3 and separator == "." else None


def _exact(text: str, mark: str) -> Amount:
    whole, _, decimals = text.partition(mark) if mark else (text, "", "")
    separators = {character for character in whole if not character.isdigit()}
    if len(separators) > 1 or (not decimals.isdigit() and decimals):
        return UNREADABLE
    if separators and not _is_grouped(whole, separators.pop()):
        return UNREADABLE
    plain = "".join(filter(str.isdigit, whole))
    try:
        return Amount(Decimal(f"{plain or '0'}.{decimals or '0'}"))
    except InvalidOperation:
        return UNREADABLE


def _is_grouped(whole: str, separator: str) -> bool:
    first, *others = whole.split(separator)
    if not 1 <= len(first) <= 3 or not others or len(others[-1]) != 3:
        return False
    sizes = {len(group) for group in others[:-1]}
    return sizes <= {3} or (sizes == {2} and len(first) <= 2)  # the second: Indian lakhs, 12,34,567


def minor_units(amount: object, currency: str) -> int | None:
    """Returns an amount (12.5, "12.50" or "12,50 €") in minor units (1250), rounded half to even.

    None when it is no amount, or one with two readings.
    """
    number = read_amount(amount, digits_of(currency)).number
    return None if number is None else scaled(number, currency)


def scaled(number: Decimal, currency: str) -> int | None:
    """Returns an exact amount in minor units, rounded half to even; None when it is too large."""
    minor = number.scaleb(digits_of(currency))
    return int(minor.to_integral_value()) if abs(minor) < MOST_MINOR_UNITS else None


def major_units(minor: float, currency: str) -> float:
    """Returns an amount of minor units (1250) in major units (12.5), with as many decimals as the currency has."""
    digits = digits_of(currency)
    return float(round(minor / 10**digits, digits))
