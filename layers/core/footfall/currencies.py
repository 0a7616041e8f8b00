"""Currencies as people and systems write them: ISO 4217's codes, signs and names.

A sign that several currencies share (`$`, `kr`) is the site's own where that is one of them, and otherwise unknown.
"""

import unicodedata

from footfall.caching import cached_for_short_texts

UNKNOWN = "XXX"
"""ISO 4217's code for no currency: one that was told and cannot be read."""
IN_TRADE = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
OTHERS = """
ANG BOV CHE CHW CLF CNH COU CUC HRK MXV SLL USN UYI UYW VED ZWL ATS BEF CYP DEM EEK ESP FIM FRF GRD IEP ITL LTL
LUF LVL MTL NLG PTE SIT SKK
"""
CURRENCIES = frozenset(IN_TRADE.split())
"""The currencies that shops trade in: ISO 4217's codes (https://www.six-group.com) without funds and metals."""
CODES = CURRENCIES | frozenset(OTHERS.split())
"""Those, funds, and currencies that ended lately or in the euro: a shop's history may be in them."""
DOLLARS = (
    "USD AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD XCD ARS CLP COP CUP MXN UYU"
)
SHARED = {
    "$ dollar dollars": DOLLARS,
    "peso pesos": "ARS CLP COP CUP DOP MXN PHP UYU",
    "kr krona kronor krone kroner kronur": "SEK NOK DKK ISK",
    "rs rupee rupees": "INR PKR LKR NPR MUR SCR",
    "¥ yen/yuan": "JPY CNY",
    "pound pounds": "GBP EGP FKP GIP LBP SDG SHP SSP SYP",
    "franc francs fr fr. frs": "CHF BIF CDF DJF GNF KMF RWF XAF XOF XPF FRF BEF LUF",
    "c$": "CAD NIO",
    "ریال rial riyal": "IRR OMR QAR SAR YER",
    "dinar dinars": "BHD DZD IQD JOD KWD LYD RSD TND",
    "dirham dirhams": "AED MAD",
    "lei leu": "RON MDL",
    "lira liras": "TRY LBP SYP ITL",
    "shilling shillings sh": "KES TZS UGX SOS",
    "rouble roubles ruble rubles": "RUB BYN",
    "br": "BYN ETB",
    "won ₩": "KRW KPW",
    "real reais": "BRL",
    "mark marks dm": "DEM BAM",
}
"""Signs and names that several currencies share, in small letters."""
OWN = {
    "EUR": "€ euro euros eu€ €uro евро ευρώ",
    "GBP": "£ gb£ £gb uk£ sterling stg|pound sterling|pounds sterling|british pound|british pounds"
    "|british pound sterling|great british pound|uk pound",
    "USD": "us$ $us usd$ u$s u$d u$|us dollar|us dollars|u.s. dollar|united states dollar|american dollar",
    "CAD": "ca$ can$ cad$ $ca cdn$|canadian dollar|canadian dollars",
    "AUD": "a$ au$ aud$ $au|australian dollar|australian dollars",
    "NZD": "nz$ nzd$ $nz|new zealand dollar|new zealand dollars",
    "HKD": "hk$ $hk|hong kong dollar",
    "SGD": "s$ sg$|singapore dollar",
    "TWD": "nt$|new taiwan dollar",
    "MXN": "mx$ mex$|mexican peso|mexican pesos",
    "ARS": "ar$|argentine peso|argentinian peso",
    "CLP": "cl$ clp$|chilean peso",
    "COP": "col$ cop$|colombian peso",
    "JPY": "jp¥ yen 円 日圓|japanese yen",
    "CNY": "cn¥ rmb ¥rmb yuan renminbi 元 人民币|chinese yuan",
    "CHF": "sfr sfr. chf.|swiss franc|swiss francs|schweizer franken|franken",
    "INR": "₹ inr.|indian rupee|indian rupees",
    "RUB": "₽ руб руб. рубль рублей р|russian ruble|russian rouble",
    "TRY": "₺ tl|turkish lira",
    "UAH": "₴ грн грн. hryvnia",
    "PLN": "zł zl zloty zlotys złoty złotych|polish zloty",
    "CZK": "kč kc|czech koruna|czech crown|koruna česká",
    "HUF": "ft forint forints|hungarian forint",
    "SEK": "skr|swedish krona|swedish kronor",
    "NOK": "nkr|norwegian krone|norwegian kroner",
    "DKK": "dkr|danish krone|danish kroner",
    "ISK": "íkr|icelandic krona",
    "RON": "|romanian leu|romanian lei",
    "BGN": "лв лв. lev leva|bulgarian lev",
    "ILS": "₪ nis shekel shekels|new shekel|israeli shekel|israeli new shekel",
    "KRW": "원|south korean won|korean won",
    "VND": "₫ đ vnđ dong|vietnamese dong",
    "THB": "฿ baht บาท|thai baht",
    "IDR": "rp rupiah|indonesian rupiah",
    "MYR": "rm ringgit|malaysian ringgit",
    "PHP": "₱ php.|philippine peso|philippine pesos",
    "BRL": "r$|brazilian real|brazilian reais",
    "PEN": "s/ s/. sol soles|peruvian sol",
    "ZAR": "r rand|south african rand",
    "NGN": "₦ naira|nigerian naira",
    "GHS": "₵ gh₵ cedi",
    "KZT": "₸ tenge",
    "AZN": "₼ manat",
    "GEL": "₾ lari",
    "CRC": "₡ colon colón",
    "PYG": "₲ guarani guaraní",
    "MNT": "₮ tugrik",
    "LAK": "₭ kip",
    "AED": "د.إ dhs dh|uae dirham",
    "SAR": "ر.س|saudi riyal",
    "KWD": "د.ك|kuwaiti dinar",
    "BHD": "د.ب|bahraini dinar",
    "EGP": "e£ egp£ £e le l.e. ج.م|egyptian pound",
    "LBP": "l£ ل.ل|lebanese pound|lebanese lira",
    "MAD": "د.م.|moroccan dirham",
    "TND": "د.ت|tunisian dinar",
    "RSD": "дин din|serbian dinar",
}
"""Signs and names of one currency, in small letters: words, and after the first `|` what has blanks in it."""


def _table() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for names, codes in SHARED.items():
        table |= dict.fromkeys(names.split(), frozenset(codes.split()))
    for code, names in OWN.items():
        words, *phrases = names.split("|")
        table |= dict.fromkeys([*words.split(), *phrases], frozenset([code]))
    return table


SIGNS = _table()


@cached_for_short_texts(4096)
def candidates(told: str) -> frozenset[str]:
    """Returns the currencies that a code, sign or name may mean, or several of them together (`EUR €`); none if any
    is no currency's.
    """
    word = " ".join(unicodedata.normalize("NFKC", told).casefold().split())
    found = _of_word(word)
    if found or " " not in (parts := "".join(sign if sign not in "()[]/," else " " for sign in word).strip()):
        return found or _of_word(parts)
    return frozenset.intersection(*(_of_word(part) for part in parts.split()))


def _of_word(word: str) -> frozenset[str]:
    bare = word.rstrip(".")
    if bare.upper() in CODES:
        return frozenset([bare.upper()])
    return SIGNS.get(word) or SIGNS.get(bare) or frozenset()


def read_currency(told: object, home: str) -> str | None:
    """Returns the ISO 4217 code that a code (in any case), sign or name means; None where it cannot be told.

    Of several that it may mean, it is `home`, the site's own, where that is among them.
    """
    if not isinstance(told, str) or len(told) > 64:
        return None
    if told == home or told.strip().upper() == home:
        return home
    found = candidates(told)
    if home in found:
        return home
    return next(iter(found)) if len(found) == 1 else None
