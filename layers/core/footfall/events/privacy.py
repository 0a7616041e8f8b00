"""What is private in what pages send: blotted out before anything is stored, or hashed where a site says so.

Who a person is, is told in traits, and stays there. In addresses and properties, what sounds private by its name is
hidden whatever it is, and e-mail addresses, card numbers and tokens wherever they stand.
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from footfall.identity import keyed_digest
from footfall.schemas.event import Json
from footfall.schemas.site import Site

EMAIL = re.compile(r"[\w.+!#$&'*/=?^`{|}~-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+")
CARD = re.compile(r"(?<!\d)(?<!\d[.,])\d(?:[ -]?\d){13,18}(?![.,]?\d)")
CARD_LENGTHS = {"2": {16}, "3": {14, 15}, "4": {16, 19}, "5": {16}, "6": {16, 17, 18, 19}}
"""By the first digit, ISO/IEC 7812; with 13 digits they would be bar codes."""
TOKEN = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"  # JSON Web Tokens, RFC 7519
    r"|\b(?:[sprw]k|ak|ghp|gho|xox[abp]|shpat|whsec)_[\w-]{12,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\b[Bb]earer\s+[\w.~+/-]{8,}=*"
    r"|(?<![\w-])(?=\w*\d)(?=\w*[a-z])(?=\w*[A-Z])\w{24,}(?![\w-])|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{32,}\b"
)
SUSPECT = re.compile(r"@|%40|\d(?:[ -]?\d){13}|\w{20}|eyJ|[Bb]earer")
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
PRIVATE_WORDS = frozenset(
    {
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "secret",
        "token",
        "auth",
        "authorization",
        "apikey",
        "jwt",
        "otp",
        "cvv",
        "cvc",
        "ssn",
        "iban",
        "email",
        "mail",
        "phone",
        "telephone",
        "tel",
        "birthday",
        "birthdate",
        "dob",
        "surname",
        "firstname",
        "lastname",
        "fullname",
        "username",
        "street",
        "creditcard",
        "cardnumber",
        "sid",
    }
)
PRIVATE_PAIRS = frozenset(
    {
        ("access", "key"),
        ("account", "number"),
        ("api", "key"),
        ("birth", "date"),
        ("card", "number"),
        ("credit", "card"),
        ("date", "of"),
        ("e", "mail"),
        ("family", "name"),
        ("first", "name"),
        ("full", "name"),
        ("given", "name"),
        ("last", "name"),
        ("mobile", "number"),
        ("pass", "word"),
        ("session", "id"),
        ("user", "name"),
        ("write", "key"),
        ("billing", "address"),
        ("shipping", "address"),
        ("home", "address"),
        ("postal", "address"),
    }
)
NO_SECRETS = frozenset(
    {
        "id",
        "ids",
        "sku",
        "code",
        "coupon",
        "gclid",
        "gbraid",
        "wbraid",
        "dclid",
        "fbclid",
        "msclkid",
        "ttclid",
        "twclid",
    }
)
"""Last words of names whose values are long and opaque, and tell of a thing or of an advertisement's click."""
LONGEST_NAME = 64
DIGITS = 16
Hide = Callable[[str, str], str]


@dataclass(frozen=True)
class Privacy:
    """How a site hides: names of what it needs as it is, and whether the rest is hashed instead of blotted out."""

    needed: frozenset[str]
    hide: Hide

    def address(self, url: str) -> str:
        """Returns the address of a page without what is private in its path, its parameters and behind its #."""
        if "=" not in url and not SUSPECT.search(url):
            return url
        rest, sharp, fragment = url.partition("#")
        path, mark, query = rest.partition("?")
        if sharp and "=" in fragment.partition("?")[0]:
            fragment = self._parameters(fragment)
        elif sharp:
            fragment = self.address(fragment)
        return self._path(path) + mark + self._parameters(query) + sharp + fragment

    def properties(self, told: Json) -> Json:
        """Returns properties without what is private in them, at any depth; the same where nothing is."""
        hidden = {name: self._value(name, value) for name, value in told.items()}
        return hidden if hidden != told else told

    def text(self, told: str, *, opaque: bool = True) -> str:
        """Returns a text without e-mail addresses, card numbers and, if they are `opaque`, tokens."""
        if not SUSPECT.search(told):
            return told
        told = EMAIL.sub(lambda found: self.hide("email", found[0]), told)
        told = CARD.sub(lambda found: self.hide("card", found[0]) if _is_card(found[0]) else found[0], told)
        return TOKEN.sub(lambda found: self.hide("token", found[0]), told) if opaque else told

    def _path(self, path: str) -> str:
        scheme, slashes, rest = path.partition("//") if "://" in path else ("", "", path)
        host, slash, segments = rest.partition("/") if slashes else ("", "", rest)
        hidden = "/".join(map(self._segment, segments.split("/")))
        return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{hidden}"

    def _segment(self, segment: str) -> str:
        if not SUSPECT.search(segment):
            return segment
        plain = unquote(segment)
        hidden = self.text(plain)
        return hidden if hidden != plain else segment

    def _parameters(self, query: str) -> str:
        if not query:
            return query
        return "".join(part if part in "&;" else self._parameter(part) for part in re.split("([&;])", query))

    def _parameter(self, part: str) -> str:
        name, equals, value = part.partition("=")
        if not value:
            return self._segment(part)
        plain = unquote(value.replace("+", " "))
        hidden = self._told(unquote(name), plain)
        return f"{name}{equals}{value if hidden == plain else hidden}"

    def _value(self, name: str, value: object) -> object:
        if isinstance(value, dict):
            within = {inner: self._value(inner, each) for inner, each in value.items()}
            return self._all_of(within) if self._is_private(name) else within
        if isinstance(value, list):
            return [self._value(name, each) for each in value]
        if isinstance(value, str):
            return self._told(name, value)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 10**13 and name not in self.needed:
            return self.hide("card", str(value)) if _is_card(str(value)) and not _is_opaque(name) else value
        return value

    def _all_of(self, value: object) -> object:
        if isinstance(value, dict):
            return {name: self._all_of(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._all_of(each) for each in value]
        return self.hide("private", value) if isinstance(value, str) and value else value

    def _told(self, name: str, value: str) -> str:
        if not value or name in self.needed:
            return value
        if _sounds_private(name[:LONGEST_NAME]):
            return self.hide("private", value)
        return self.text(value, opaque=not _is_opaque(name))

    def _is_private(self, name: str) -> bool:
        return name not in self.needed and _sounds_private(name[:LONGEST_NAME])


def _is_card(text: str) -> bool:
    digits = [int(digit) for digit in text if digit.isdigit()]
    if len(digits) not in CARD_LENGTHS.get(str(digits[0]), ()) or len(set(digits)) == 1:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])  # Luhn, ISO/IEC 7812-1
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


@lru_cache(maxsize=8_192)
def _sounds_private(name: str) -> bool:
    words = _words(name)
    return not PRIVATE_WORDS.isdisjoint(words) or not PRIVATE_PAIRS.isdisjoint(itertools.pairwise(words))


@lru_cache(maxsize=8_192)
def _is_opaque(name: str) -> bool:
    return _words(name)[-1:] != [] and _words(name)[-1] in NO_SECRETS


def _words(name: str) -> list[str]:
    return [word.lower() for word in WORD.findall(name)]


def _blot(kind: str, _: str) -> str:
    return f":{kind}"


def privacy_of(site: Site) -> Privacy:
    """Returns how a site hides what is private."""
    return _privacy(site.site_id, site.pepper, site.hash_private, tuple(site.needed_properties))


@lru_cache(maxsize=1_024)
def _privacy(site_id: str, pepper: str, hashed: bool, needed: tuple[str, ...]) -> Privacy:
    def digest(kind: str, text: str) -> str:
        return f":{kind}-{keyed_digest(site_id, pepper, text)[:DIGITS]}"

    return Privacy(frozenset(needed), digest if hashed and pepper else _blot)
