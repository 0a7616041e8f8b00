"""What is said to somebody whose orders are in another currency than the site."""

from footfall.currencies import UNKNOWN

from cli.client import Json


def currency_warning(health: Json) -> str | None:
    """Returns a sentence when most of a site's orders are not in its currency, as `/api/health` tells; else None."""
    found = health.get("currencies")
    if not found or not found["mismatch"]:
        return None
    others = {_named(code): count for code, count in found["orders"].items() if code != found["site"]}
    most, total = sum(others.values()), sum(found["orders"].values())
    told = f"all of {total:,}" if most == total else f"{most:,} of {total:,}"
    return (
        f"Currency: the site's is {found['site']}, but {told} newest orders are in {', '.join(others)}: figures of "
        "money leave them out. `footfall site set ID --currency` changes the site's"
    )


def _named(code: str) -> str:
    return "one that cannot be read" if code == UNKNOWN else code
