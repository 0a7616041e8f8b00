import re
from pathlib import Path

import pytest
from footfall.events.nobody import NOBODY, somebody

ROOT = Path(__file__).parents[3]

TEXTS = """NULL|undefined|undefined undefined|[object Object]|[object HTMLInputElement]|NaN|-|0|000|(null)
<nil>|n/a|#N/A|#REF!|\\N|-1|{{ customer.id }}|%%user%%|${userId}|Guest| Guest user |(not set)|"null"|[]
 |00000000-0000-0000-0000-000000000000"""
OTHERS: list[object] = [0, 0.0, float("nan"), float("inf"), True, False, None, [], {}, ["u"], "", "*|EMAIL|*"]
PEOPLE = "-7|guest:42|anonymous-7|a0|Nullarbor|ünal|שלום|none@shop.example|1|user-1|id7|𝒳"


@pytest.mark.parametrize("value", [*TEXTS.replace("\n", "|").split("|"), *OTHERS])
def test_a_placeholder_is_nobody(value: object) -> None:
    assert somebody(value) is None


@pytest.mark.parametrize("who", PEOPLE.split("|"))
def test_everybody_else_is_somebody(who: str) -> None:
    assert somebody(f" {who} ") == who


def test_a_number_is_the_id_that_its_text_is() -> None:
    assert (somebody(42), somebody(17850.0), somebody(1.5)) == ("42", "17850", "1.5")


def test_the_tracker_has_the_same_pattern() -> None:
    script = (ROOT / "web/tracker/src/nobody.ts").read_text()
    (told,) = re.findall(r"NOBODY =\s*/\^(.*)\$/;", script)
    assert told == NOBODY.pattern
