"""Countries as people and systems write them: ISO 3166's codes of two and three letters, and English names.

The names are those of the time zone database (iso3166.tab), which is kept up to date, and others that are usual.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files

from footfall.caching import cached_for_short_texts

PAIRS = """
AD AND AE ARE AF AFG AG ATG AI AIA AL ALB AM ARM AO AGO AQ ATA AR ARG AS ASM AT AUT AU AUS AW ABW AX ALA AZ AZE BA BIH
BB BRB BD BGD BE BEL BF BFA BG BGR BH BHR BI BDI BJ BEN BL BLM BM BMU BN BRN BO BOL BQ BES BR BRA BS BHS BT BTN BV BVT
BW BWA BY BLR BZ BLZ CA CAN CC CCK CD COD CF CAF CG COG CH CHE CI CIV CK COK CL CHL CM CMR CN CHN CO COL CR CRI CU CUB
CV CPV CW CUW CX CXR CY CYP CZ CZE DE DEU DJ DJI DK DNK DM DMA DO DOM DZ DZA EC ECU EE EST EG EGY EH ESH ER ERI ES ESP
ET ETH FI FIN FJ FJI FK FLK FM FSM FO FRO FR FRA GA GAB GB GBR GD GRD GE GEO GF GUF GG GGY GH GHA GI GIB GL GRL GM GMB
GN GIN GP GLP GQ GNQ GR GRC GS SGS GT GTM GU GUM GW GNB GY GUY HK HKG HM HMD HN HND HR HRV HT HTI HU HUN ID IDN IE IRL
IL ISR IM IMN IN IND IO IOT IQ IRQ IR IRN IS ISL IT ITA JE JEY JM JAM JO JOR JP JPN KE KEN KG KGZ KH KHM KI KIR KM COM
KN KNA KP PRK KR KOR KW KWT KY CYM KZ KAZ LA LAO LB LBN LC LCA LI LIE LK LKA LR LBR LS LSO LT LTU LU LUX LV LVA LY LBY
MA MAR MC MCO MD MDA ME MNE MF MAF MG MDG MH MHL MK MKD ML MLI MM MMR MN MNG MO MAC MP MNP MQ MTQ MR MRT MS MSR MT MLT
MU MUS MV MDV MW MWI MX MEX MY MYS MZ MOZ NA NAM NC NCL NE NER NF NFK NG NGA NI NIC NL NLD NO NOR NP NPL NR NRU NU NIU
NZ NZL OM OMN PA PAN PE PER PF PYF PG PNG PH PHL PK PAK PL POL PM SPM PN PCN PR PRI PS PSE PT PRT PW PLW PY PRY QA QAT
RE REU RO ROU RS SRB RU RUS RW RWA SA SAU SB SLB SC SYC SD SDN SE SWE SG SGP SH SHN SI SVN SJ SJM SK SVK SL SLE SM SMR
SN SEN SO SOM SR SUR SS SSD ST STP SV SLV SX SXM SY SYR SZ SWZ TC TCA TD TCD TF ATF TG TGO TH THA TJ TJK TK TKL TL TLS
TM TKM TN TUN TO TON TR TUR TT TTO TV TUV TW TWN TZ TZA UA UKR UG UGA UM UMI US USA UY URY UZ UZB VA VAT VC VCT VE VEN
VG VGB VI VIR VN VNM VU VUT WF WLF WS WSM XK XKX YE YEM YT MYT ZA ZAF ZM ZMB ZW ZWE
"""
"""Each country's code of two letters and that of three; Kosovo's are the ones in use, as ISO has none."""
CODES = PAIRS.split()
BY_CODE = {long: code for code, long in zip(CODES[::2], CODES[1::2], strict=True)}
BY_CODE |= {code: code for code in CODES[::2]} | {"UK": "GB", "EL": "GR"}
OTHER_NAMES = {
    "AE": "uae",
    "AT": "oesterreich|osterreich",
    "BE": "belgie|belgique|belgien",
    "BN": "brunei darussalam",
    "BO": "bolivia plurinational state of",
    "BR": "brasil",
    "CD": "democratic republic of the congo|dr congo|congo kinshasa",
    "CF": "central african republic",
    "CG": "republic of the congo|congo brazzaville",
    "CH": "schweiz|suisse|svizzera",
    "CI": "ivory coast",
    "CN": "peoples republic of china",
    "CV": "cabo verde",
    "CZ": "czechia",
    "DE": "deutschland|federal republic of germany",
    "DK": "danmark",
    "ES": "espana",
    "FI": "suomi",
    "GB": "united kingdom|great britain|britain|england|scotland|wales|northern ireland",
    "GR": "hellas",
    "HK": "hong kong sar|hong kong sar china",
    "IE": "republic of ireland|eire",
    "IR": "iran islamic republic of",
    "IT": "italia",
    "KP": "north korea",
    "KR": "south korea|republic of korea|korea republic of",
    "LA": "lao peoples democratic republic",
    "MD": "republic of moldova|moldova republic of",
    "MK": "macedonia",
    "MM": "myanmar|burma",
    "MO": "macao",
    "NL": "the netherlands|holland|nederland",
    "NO": "norge",
    "PL": "polska",
    "RU": "russian federation",
    "SE": "sverige",
    "SY": "syrian arab republic",
    "SZ": "eswatini|swaziland",
    "TL": "timor leste",
    "TR": "turkiye",
    "TW": "taiwan province of china",
    "TZ": "united republic of tanzania|tanzania united republic of",
    "US": "united states of america",
    "VA": "holy see",
    "VE": "venezuela bolivarian republic of",
    "VN": "viet nam",
    "WS": "samoa",
    "XK": "kosovo",
}


@cached_for_short_texts(4096)
def country_code(text: str) -> str | None:
    """Returns ISO 3166's code of two letters for a country's code or English name; None for anything else."""
    name = _plain(text)
    return BY_CODE.get(name.upper()) or _names().get(name)


@cache
def _names() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {_plain(name): code for code, name in rows} | {
        name: code for code, names in OTHER_NAMES.items() for name in names.split("|")
    }


def _plain(name: str) -> str:
    # without case, accents and signs: U.S.A. and usa, Côte d’Ivoire and Cote d'Ivoire, Saint Lucia and St. Lucia
    letters = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", " ", re.sub(r"['’.]", "", letters).replace("&", " and ")).split()
    return " ".join("st" if word == "saint" else word for word in words)
