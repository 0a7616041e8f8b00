"""How wide a screen is, as a class of Material Design's.

https://m3.material.io/foundations/layout/applying-layout/window-size-classes
"""

import re
from bisect import bisect_right

from footfall.events.lenient import read_number

CLASSES = ("compact", "medium", "expanded", "large", "extra-large")
WIDTHS = (600, 840, 1200, 1600)
"""From which width on, in pixels as pages count them, a screen is of the next class."""
MOST = 20_000
RESOLUTION = re.compile(r"\s*(\d{2,5})\s*[x×*]\s*\d{2,5}\s*", re.IGNORECASE)


def screen_class(screen: object, is_android_app: bool = False) -> str | None:
    """Returns the class of a screen, told as {width, height, density}, as a width, or as 1280x720; else None.

    Android's SDKs tell the pixels of the device and how many of them a page counts as one (`density`).
    """
    told = screen if isinstance(screen, dict) else {"width": screen}
    width = _width(told.get("width"))
    if width is None:
        return None
    density = _width(told.get("density")) if is_android_app else None
    return CLASSES[bisect_right(WIDTHS, width / (density or 1))]


def _width(told: object) -> float | None:
    resolution = RESOLUTION.fullmatch(told) if isinstance(told, str) else None
    number = read_number(resolution[1] if resolution else told)[0]
    return number if isinstance(number, float) and 0 < number <= MOST else None
