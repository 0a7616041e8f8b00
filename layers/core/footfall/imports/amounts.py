"""Amounts and quantities in files: their decimal mark decided once for a whole file, from all its rows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from footfall.caching import cached_for_short_texts
from footfall.errors import Unimportable

POINT, COMMA = "point", "comma"
MARKS = {POINT: ".", COMMA: ","}
PLAIN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?")
WRITTEN = re.compile(
    r"(?P<open>\()?(?P<sign>[-+\u2212]?)\s*(?P<before>[^\d\s.,()+\-\u2212%][^\d()+\-\u2212%]{0,7}?)?\s*(?P<sign2>[-+\u2212]?)\s*"
    r"(?P<digits>[.,]?\d[\d.,'\u2019\s]*?)\s*(?P<after>[^\d\s.,()+\-\u2212%][^\d()+\-\u2212%]{0,7}?)?\s*(?P<sign3>[-\u2212]?)(?P<close>\))?"
)
NO_CENTS = re.compile(r"(?<=\d)[.,][-\u2013\u2014]{1,2}(?!\s*\d)")
"""Dashes in place of cents: `12.-`, `12,--`."""
GROUP_MARKS = re.compile(r"[.,'\u2019\s]")
"""What parts thousands; the decimal mark is gone when they are looked for."""
LONGEST = 60
MINUS = "-\u2212"
MOST = Decimal(10) ** 12


class Amount(NamedTuple):
    """A number, and the currency that was written with it: a code, a symbol, or nothing."""

    number: Decimal
    currency: str


@dataclass
class DecimalEvidence:
    """What the numbers of a file say of the decimal mark; `ambiguous` is one that says nothing of it, such as 1,234."""

    point: str | None = None
    comma: str | None = None
    ambiguous: str | None = None

    def look_at(self, texts: Iterable[str]) -> None:
        """Take more numbers into account."""
        for text in texts:
            if not text.isdigit() and len(text) < LONGEST and (found := WRITTEN.fullmatch(text.strip())):
                self._weigh(text.strip(), found["digits"])

    def _weigh(self, text: str, digits: str) -> None:
        digits = digits.strip()
        points, commas = digits.count("."), digits.count(",")
        if not points and not commas:
            return
        if points and commas:
            decimal = max(".,", key=digits.rfind)
        elif points + commas > 1:
            decimal = "," if points else "."  # a mark that is there twice parts thousands
        else:
            mark = "." if points else ","
            before, _, after = digits.partition(mark)
            if len(after) == 3 and 1 <= len(before) <= 3 and before != "0":
                self.ambiguous = text
                return
            decimal = mark
        if decimal == ".":
            self.point = text
        else:
            self.comma = text

    def decide(self, file_name: str) -> str:
        """Returns the mark of the whole file; raises Unimportable, with the option to give, when nothing decides."""
        ask = f"give --decimal {POINT} or --decimal {COMMA}"
        if self.point and self.comma:
            raise Unimportable(f"{file_name} has numbers such as {self.point} and such as {self.comma}: {ask}")
        if self.ambiguous and not self.point and not self.comma:
            raise Unimportable(
                f"{file_name} has numbers such as {self.ambiguous}, and none says what its mark parts: {ask}"
            )
        return COMMA if self.comma else POINT


@cached_for_short_texts(100_000)
def read_amount(text: str, decimal: str) -> Amount | None:
    """Returns a number as people write it: 1,234.50 or € 12 or 12.00- or (5); None when it is none.

    `decimal` is the file's mark; parts of thousands must be of three digits, or of two as in India.
    """
    if decimal == POINT and PLAIN.fullmatch(text):
        return Amount(Decimal(text), "")
    found = WRITTEN.fullmatch(NO_CENTS.sub("", text.strip())) if len(text) < LONGEST else None
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    digits = _plain(found["digits"], MARKS[decimal])
    signs = [found[name] for name in ("sign", "sign2", "sign3") if found[name]]
    currencies = [found[name].strip() for name in ("before", "after") if found[name]]
    if digits is None or len(signs) + bool(found["open"]) > 1 or len(currencies) > 1:
        return None
    negative = bool(found["open"]) or any(sign in MINUS for sign in signs)
    number = Decimal(digits)
    return Amount(-number if negative else number, currencies[0] if currencies else "") if number < MOST else None


def _plain(digits: str, mark: str) -> str | None:
    whole, _, fraction = digits.partition(mark)
    first, *groups = GROUP_MARKS.split(whole)
    if groups and not (1 <= len(first) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups)):
        return None
    whole = first + "".join(groups)
    every = whole + fraction
    if not every.isdigit() or not every.isascii() or len(whole) > 12 or len(fraction) > 9:
        return None
    return f"{whole or '0'}.{fraction}" if fraction else whole


def plain_number(number: Decimal) -> str:
    """Returns a number as text with one reading: three decimals might be thousands, so there are four."""
    text = f"{number:f}"
    return f"{text}0" if len(text.partition(".")[2]) == 3 else text
