"""What is said to somebody whose orders are in another currency than the site."""

from footfall.currencies import UNKNOWN

from cli.client import Json


def currency_warning(health: Json, site_id: str | None) -> str | None:
    """Returns a sentence when most of a site's orders are not in its currency, as `/api/health` tells; else None."""
    found = health.get("currencies")
    if not found or not found["mismatch"]:
        return None
    others = {_named(code): count for code, count in found["orders"].items() if code != found["site"]}
    most, total = sum(others.values()), sum(found["orders"].values())
    told = f"all of {total:,}" if most == total else f"{most:,} of {total:,}"
    site = site_id or "ID"
    return (
        f"Currency: the site's is {found['site']}, but {told} newest orders are in {', '.join(others)}: figures of "
        f"money leave them out. `footfall site set {site} --currency CODE` changes the site's, and "
        f"`footfall site rates {site} FILE` has them converted"
    )


def _named(code: str) -> str:
    return "one that cannot be read" if code == UNKNOWN else code
