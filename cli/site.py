"""`footfall site`: makes sites, shows and changes their settings."""

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Annotated

import typer
from footfall.chunks import chunks
from footfall.funnels.steps import parted
from footfall.identity import SITE_ID
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.client import OPERATOR_VARIABLE, Client, CliError, Json, Key, To, operator_or, reporting_errors

site = typer.Typer(no_args_is_help=True, help="Sites of a Footfall: make, show and change them.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The site's id: small letters, digits and hyphens.")]
Name = Annotated[str | None, typer.Option(help="What the shop is called.")]
Currency = Annotated[str | None, typer.Option(help="Its currency, as GBP. A new site's without it: EUR.")]
TimeZone = Annotated[str | None, typer.Option(help="Its time zone, as Europe/Rome. A new site's without it: UTC.")]
PageRules = Annotated[
    list[str] | None,
    typer.Option(
        "--page-rule",
        metavar="PREFIX=TYPE",
        help="Pages whose path begins so are of this type, as /p/=product; repeatable. An empty text: no rule.",
    ),
]
Funnels = Annotated[
    list[str] | None,
    typer.Option(
        "--funnel",
        metavar="NAME=STEP,STEP…",
        help="A funnel, as buying=product,cart,Order Completed; repeatable, and the first is the usual one.",
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option("--origin", help="From where alone its pages may send; repeatable. An empty text: from everywhere."),
]
OwnDomains = Annotated[
    list[str] | None,
    typer.Option("--own-domain", help="A domain of the shop, which is no source of visits; repeatable."),
]
HashRoutes = Annotated[
    bool | None,
    typer.Option(help="Whether every part of an address after its # is a page; else those are that begin with #/."),
]
OwnDimensions = Annotated[
    list[str] | None,
    typer.Option(
        "--dimension",
        metavar="NAME=PROPERTY",
        help="What figures can be broken down by too: a property of events, as theme=theme; repeatable.",
    ),
]
RetentionDays = Annotated[
    int | None, typer.Option(min=0, max=36_500, help="How many days its events are kept; 0 for ever.")
]
HotDays = Annotated[
    int | None,
    typer.Option(min=0, max=36_500, help="How many days of them MongoDB has, 35 at least; 0 as long as they are kept."),
]
EventsPerSecond = Annotated[
    float | None,
    typer.Option(min=0, max=100_000, help="How many events each environment of collect takes; 0 for as many as come."),
]
SignedRequests = Annotated[
    bool | None, typer.Option(help="Whether servers have to sign what they send with an API key.")
]
RatesFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A CSV with date, currency and rate.")
]
RATE_COLUMNS = ("date", "currency", "rate")
RATES_AT_ONCE = 5_000
PEOPLE = ("customer_id", "user_id", "visitor_id", "person_id")
"""Whom the audit log does not name."""
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@site.command()
def create(
    site_id: Id,
    name: Name = None,
    currency: Currency = None,
    time_zone: TimeZone = None,
    page_rule: PageRules = None,
    funnel: Funnels = None,
    origin: Origins = None,
    own_domain: OwnDomains = None,
    hash_routes: HashRoutes = None,
    dimension: OwnDimensions = None,
    retention_days: RetentionDays = None,
    hot_days: HotDays = None,
    events_per_second: EventsPerSecond = None,
    signed_requests: SignedRequests = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """Make a site, and print its first API key and its write key: the API key is shown this once.

    FOOTFALL_OPERATOR_KEY, which `footfall up` prints, makes sites.
    Every other command takes --site ID.

    For example: footfall site create roma --currency EUR --time-zone Europe/Rome
    """
    with reporting_errors("site create"), Client(to, os.environ.get(OPERATOR_VARIABLE), OPERATOR_VARIABLE) as client:
        if not SITE_ID.fullmatch(site_id):
            raise CliError(f"{site_id}: a site's id is up to 40 small letters, digits and hyphens, as roma")
        settings = (
            settings_of(name, currency, time_zone, page_rule, funnel, origin, own_domain, hash_routes, dimension)
            | limits_of(retention_days, hot_days, events_per_second)
            | signing_of(signed_requests)
        )
        made = client.post("/api/sites", {"site_id": site_id, **settings})
    if as_json:
        print(json.dumps({part: made[part] for part in ("site_id", "api_key", "write_key")}))
        return
    _show(Console(), made)
    print("\nIts keys; the first is not shown again:")
    print(f"export FOOTFALL_KEY={made['api_key']}")
    print(f"export FOOTFALL_WRITE_KEY={made['write_key']}")


@site.command("list")
def list_sites(to: To = None, key: Key = None, as_json: AsJson = False) -> None:
    """List the sites: all with FOOTFALL_OPERATOR_KEY, else the one of FOOTFALL_KEY."""
    with reporting_errors("site list"), operator_or(to, key) as client:
        sites = _all_sites(client)
    if as_json:
        print(json.dumps({"sites": sites}))
        return
    table = Table("", "name", "currency", "time zone", box=None, header_style="dim", padding=(0, 2, 0, 0))
    for found in sites:
        table.add_row(*(Text(found[part]) for part in ("site_id", "name", "currency", "time_zone")))
    Console().print(table)


@site.command()
def show(site_id: Id, to: To = None, key: Key = None, as_json: AsJson = False) -> None:
    """Show a site's settings."""
    with reporting_errors("site show"), operator_or(to, key) as client:
        found = client.get(f"/api/sites/{site_id}")
    if as_json:
        print(json.dumps(found))
    else:
        _show(Console(), found)


@site.command("set")
def set_site(
    site_id: Id,
    name: Name = None,
    currency: Currency = None,
    time_zone: TimeZone = None,
    page_rule: PageRules = None,
    funnel: Funnels = None,
    origin: Origins = None,
    own_domain: OwnDomains = None,
    hash_routes: HashRoutes = None,
    dimension: OwnDimensions = None,
    retention_days: RetentionDays = None,
    hot_days: HotDays = None,
    events_per_second: EventsPerSecond = None,
    signed_requests: SignedRequests = None,
    to: To = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Change a site's settings: what is not given stays, and repeatable options replace what was there.

    Everything reads them within a minute.

    For example: footfall site set roma --currency EUR --page-rule /p/=product --page-rule /c/=search
    """
    with reporting_errors("site set"):
        changes = (
            settings_of(name, currency, time_zone, page_rule, funnel, origin, own_domain, hash_routes, dimension)
            | limits_of(retention_days, hot_days, events_per_second)
            | signing_of(signed_requests)
        )
        if not changes:
            raise CliError("say what to change: `footfall site set --help` lists what there is")
        with operator_or(to, key) as client:
            changed = client.patch(f"/api/sites/{site_id}", changes)
    if as_json:
        print(json.dumps(changed))
    else:
        _show(Console(), changed)


@site.command()
def audit(site_id: Id, to: To = None, key: Key = None, as_json: AsJson = False) -> None:
    """Show who changed or exported what of a site, the newest 100 first."""
    with reporting_errors("site audit"), operator_or(to, key) as client:
        found = client.get(f"/api/sites/{site_id}/audit?page_size=100")
    if as_json:
        print(json.dumps(found))
        return
    table = Table("when", "who", "what", "fields", "answer", box=None, header_style="dim", padding=(0, 2, 0, 0))
    for line in found["lines"]:
        moment = f"{datetime.fromisoformat(line['at']):%Y-%m-%d %H:%M:%S}"
        what = line["route"].format_map(line["about"] | dict.fromkeys(PEOPLE, "…"))
        table.add_row(moment, *map(Text, (line["who"], what, ", ".join(line["fields"]), str(line["status"]))))
    Console().print(table, highlight=False)


@site.command()
def rates(site_id: Id, file: RatesFile, to: To = None, key: Key = None) -> None:
    """Give exchange rates by day, by which orders in other currencies are converted.

    The file is a CSV with the columns date, currency and rate: what one unit of that currency was worth in the site's.
    """
    with reporting_errors("site rates"), operator_or(to, key) as client:
        given = [
            client.put(f"/api/sites/{site_id}/rates", {"rates": some})
            for some in chunks(_rates_in(file), RATES_AT_ONCE)
        ]
    stored, converted = (sum(answer[part] for answer in given) for part in ("rates", "orders"))
    print(f"{stored:,} rates are stored, and {converted:,} orders are being computed anew")


def _rates_in(file: Path) -> list[Json]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        rows = csv.DictReader(stream)
        missing = [name for name in RATE_COLUMNS if name not in (rows.fieldnames or [])]
        if missing:
            raise CliError(f"{file.name} lacks the column {missing[0]}: the columns are {', '.join(RATE_COLUMNS)}")
        return [{name: row[name] for name in RATE_COLUMNS} for row in rows]


def keys_of(client: Client, wanted: Mapping[str, str]) -> dict[str, str]:
    """Returns keys of a site: those it was made with just now, or fresh ones where it was there already."""
    made = client.post("/api/sites", wanted, also=frozenset({409}))
    if "api_key" in made:
        return {"api_key": made["api_key"], "write_key": made["write_key"]}
    path = f"/api/sites/{wanted['site_id']}/keys"
    api = client.post(path, {"scopes": ["collect", "read", "write", "admin"]})
    return {"api_key": api["key"], "write_key": client.post(path, {"kind": "write"})["key"]}


def settings_of(
    name: str | None,
    currency: str | None,
    time_zone: str | None,
    page_rules: Sequence[str] | None,
    funnels: Sequence[str] | None,
    origins: Sequence[str] | None,
    own_domains: Sequence[str] | None,
    hash_routes: bool | None,
    dimensions: Sequence[str] | None,
) -> Json:
    """Returns what was given, as the API takes it; raises CliError for what has not the form of a rule or funnel."""
    given = {
        "name": name,
        "currency": currency,
        "time_zone": time_zone,
        "page_rules": _each(page_rules, _page_rule),
        "funnels": _each(funnels, _funnel),
        "origins": _each(origins, str),
        "own_domains": _each(own_domains, str),
        "hash_routes": hash_routes,
        "dimensions": _each(dimensions, _dimension),
    }
    return {part: value for part, value in given.items() if value is not None}


def limits_of(retention_days: int | None, hot_days: int | None, events_per_second: float | None) -> Json:
    """Returns the limits that were given, as the API takes them: where 0 stands for none, it is null there."""
    given = {"retention_days": retention_days, "hot_days": hot_days, "events_per_second": events_per_second}
    return {part: limit or None for part, limit in given.items() if limit is not None}


def signing_of(signed_requests: bool | None) -> Json:
    """Returns whether servers have to sign, as far as it was given, as the API takes it."""
    return {} if signed_requests is None else {"signed_requests": signed_requests}


def _each(texts: Sequence[str] | None, read: Callable[[str], object]) -> list[object] | None:
    # an empty text alone stands for an empty list
    return None if texts is None else [read(text) for text in texts if text or len(texts) > 1]


def _page_rule(text: str) -> Json:
    prefix, _, page_type = text.rpartition("=")
    if not prefix or not page_type:
        raise CliError(f"{text}: write a page rule as PREFIX=TYPE, for example /p/=product")
    return {"prefix": prefix, "page_type": page_type}


def _funnel(text: str) -> Json:
    name, _, steps = text.partition("=")
    if not name or "," not in steps:
        raise CliError(f"{text}: write a funnel as NAME=STEP,STEP, for example buying=product,cart,Order Completed")
    return {"name": name, "steps": parted(steps, ",")}


def _dimension(text: str) -> Json:
    name, _, told = text.partition("=")
    if not name or not told:
        raise CliError(f"{text}: write a dimension as NAME=PROPERTY, for example theme=theme")
    return {"name": name, "property": told}


def _all_sites(client: Client) -> list[Json]:
    sites: list[Json] = []
    for page in count(1):
        answer = client.get(f"/api/sites?page={page}&page_size=100")
        sites += answer["sites"]
        if page >= answer["total_pages"]:
            break
    return sites


def _show(console: Console, found: Json) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("site", found["site_id"])
    for title, part in (("name", "name"), ("currency", "currency"), ("time zone", "time_zone")):
        table.add_row(title, Text(found[part]))
    for funnel in found["funnels"]:
        table.add_row("funnel", Text(f"{funnel['name']}: {' → '.join(funnel['steps'])}"))
    for rule in found["page_rules"]:
        table.add_row("page rule", Text(f"{rule['prefix']} is {rule['page_type']}"))
    for domain in found["own_domains"]:
        table.add_row("own domain", Text(domain))
    for own in found["dimensions"]:
        table.add_row("dimension", Text(f"{own['name']} is the property {own['property']}"))
    if found["hash_routes"]:
        table.add_row("pages", "every part of an address after its #")
    table.add_row("may send", Text(", ".join(found["origins"]) or "every page, from everywhere"))
    days = found["retention_days"]
    table.add_row("events kept", f"{days:,} days" if days else "for ever")
    hot = found["hot_days"]
    table.add_row("in MongoDB", f"{hot:,} days" if hot and hot < (days or hot + 1) else "as long as they are kept")
    console.print(table, highlight=False)
