"""Web vitals as a browser tells them of a page: https://web.dev/articles/vitals."""

from footfall.events.lenient import read_number
from footfall.schemas.event import Json, Vitals

TEN_MINUTES = 600_000
MOST = {"lcp": TEN_MINUTES, "inp": TEN_MINUTES, "ttfb": TEN_MINUTES, "cls": 1_000}
"""What is more than this was not measured; in milliseconds, but for `cls`."""


def read_vitals(told: Json | None, flags: list[str]) -> Vitals | None:
    """Returns the vitals that can be read; `flags` names the others, as `lcp_unreadable`. None where there is none."""
    found = Vitals()
    for name in Vitals.__annotations__:
        value = told.get(name) if told else None
        if value is None:
            continue
        number = read_number(value)[0]
        if isinstance(number, float) and 0 <= number <= MOST[name]:
            found[name] = number  # type: ignore[literal-required]
        else:
            flags.append(f"{name}_unreadable")
    return found or None
