"""`footfall key`: lists, makes, rotates and revokes the keys of a site."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.client import ALL_KEYS, Client, CliError, Json, Key, To, operator_or, reporting_errors
from cli.lines import print_line

keys = typer.Typer(no_args_is_help=True, help="Keys of a site: list, make, rotate and revoke them.")

SiteArgument = Annotated[str, typer.Argument(metavar="ID", help="The site's id.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, as `footfall key list` shows.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@keys.command("list")
def list_keys(site_id: SiteArgument, to: To = None, key: Key = None, as_json: AsJson = False) -> None:
    """List a site's keys: what each may do, when it ends, when it was last used. Secrets are not kept."""
    with reporting_errors("key list"), operator_or(to, key) as client:
        found = client.get(f"/api/sites/{site_id}/keys?{ALL_KEYS}")
    if as_json:
        print(json.dumps(found))
        return
    table = Table("", "may", "name", "made", "ends", "last used", box=None, header_style="dim", padding=(0, 2, 0, 0))
    for each in found["keys"]:
        moments = (_day(each[part]) for part in ("created_at", "expires_at", "last_used_at"))
        table.add_row(each["key_id"], " ".join(each["scopes"]), Text(each["name"]), *moments)
    Console().print(table, highlight=False)


@keys.command()
def create(
    site_id: SiteArgument,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="read, write, admin or collect; repeatable. Default: read.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, max=3_650, help="After how many days it ends. Default: never.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="A write key, which is public and may only send events.")
    ] = False,
    to: To = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key, which is shown this once, or a write key.

    For example: footfall key create roma --scope read --name dashboard --days 90
    """
    with reporting_errors("key create"):
        if write and (scope or days is not None):
            raise CliError("a write key may send events and nothing else, and has no end: leave --scope and --days out")
        wanted: Json = {"name": name, **({"kind": "write"} if write else {"scopes": scope or ["read"]})}
        if days is not None:
            wanted["expires_at"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        with operator_or(to, key) as client:
            made = client.post(f"/api/sites/{site_id}/keys", wanted)
    _print_key(made, as_json)


@keys.command()
def rotate(
    site_id: SiteArgument,
    key_id: KeyArgument,
    hours_kept: Annotated[int, typer.Option(min=0, max=720, help="How long the old API key goes on.")] = 24,
    to: To = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Make a key that may do what another one may, which goes on for a day. A write key goes on until it is revoked."""
    with reporting_errors("key rotate"), operator_or(to, key) as client:
        made = client.post(f"/api/sites/{site_id}/keys/{key_id}/rotate?hours_kept={hours_kept}")
        _print_key(made, as_json)
        if not as_json:
            print(f"{key_id} {_goes_on(client, site_id, key_id, hours_kept if made['kind'] == 'api' else None)}")


@keys.command()
def revoke(site_id: SiteArgument, key_id: KeyArgument, to: To = None, key: Key = None) -> None:
    """End a key: everything refuses it within a minute."""
    with reporting_errors("key revoke"), operator_or(to, key) as client:
        client.delete(f"/api/sites/{site_id}/keys/{key_id}")
    print_line(Console(), f"{key_id} is revoked; it stops working within a minute")


def _print_key(made: Json, as_json: bool) -> None:
    if as_json:
        print(json.dumps(made))
        return
    if made["kind"] == "api":
        print("The key, which is not shown again:")
    variable = "FOOTFALL_KEY" if made["kind"] == "api" else "FOOTFALL_WRITE_KEY"
    print(f"export {variable}={made['key']}")
    if made.get("request_secret"):
        print(f"Requests may be signed instead of bringing it, with {made['request_secret']}")


def _goes_on(client: Client, site_id: str, key_id: str, hours: int | None) -> str:
    if hours is None:
        return f"goes on until it is revoked: footfall key revoke {site_id} {key_id}"
    if not hours:  # it may be the one that asks
        return "stops working within a minute"
    found = client.get(f"/api/sites/{site_id}/keys")["keys"]
    ends = next((key["expires_at"] for key in found if key["key_id"] == key_id), None)
    return f"goes on until {datetime.fromisoformat(ends):%Y-%m-%d %H:%M %Z}" if ends else "has ended"


def _day(moment: str | None) -> str:
    return datetime.fromisoformat(moment).date().isoformat() if moment else "-"
