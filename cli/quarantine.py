"""`footfall quarantine`: what could not be read, why, and reading it again."""

import re
from datetime import datetime
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.console import Console

from cli.client import CliError, Json, Key, SiteId, To, client_of, for_site, reporting_errors
from cli.lines import print_line

quarantine = typer.Typer(help="What could not be read: list it, show it, and have it read again.")

Reason = Annotated[str | None, typer.Option(help="Only what was quarantined for this reason, as bad_date.")]
Since = Annotated[str | None, typer.Option(help="Only what was first seen then or later, as 2026-01-31.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many are listed at most.")]
BEGINNING = re.compile(r"[0-9a-f]{6,64}")
SHORT = 12
"""Letters of an id that tell one input from another."""
SHOWN = 20


@quarantine.callback(invoke_without_command=True)
def list_unless_told(
    context: typer.Context,
    reason: Reason = None,
    since: Since = None,
    limit: Limit = SHOWN,
    to: To = None,
    key: Key = None,
    site: SiteId = None,
) -> None:
    """List what could not be read, with reasons, files and lines.

    For example: footfall quarantine --reason bad_date
    """
    if context.invoked_subcommand is None:
        list_waiting(reason, since, limit, to, key, site)
        return
    sources = {name: context.get_parameter_source(name) for name in context.params}
    if given := [name for name, source in sources.items() if source and source.name == "COMMANDLINE"]:
        with reporting_errors("quarantine"):
            raise CliError(f"give --{given[0]} behind {context.invoked_subcommand}")


@quarantine.command("list")
def list_waiting(
    reason: Reason = None,
    since: Since = None,
    limit: Limit = SHOWN,
    to: To = None,
    key: Key = None,
    site: SiteId = None,
) -> None:
    """List what could not be read, as `footfall quarantine` does by itself."""
    with reporting_errors("quarantine"), client_of(to, key, site) as client:
        found = client.get(f"/etl/quarantine?{_query(reason=reason, since=_moment(since), page_size=limit)}")
    report = partial(print_line, Console())
    for each in found["reasons"]:
        if each["waiting"] and reason in (None, each["reason"]):
            report(f"{each['waiting']:>9,} {each['reason']} ({each['stage']})")
    if not found["items"]:
        report("Nothing waits in quarantine.")
        return
    for item in found["items"]:
        report(f"{item['quarantine_id'][:SHORT]}  {_where(item)}: {item['detail']} ({item['reason']})")
    if found["next"]:
        report("and more: --limit, --reason and --since choose")
    report("Now try")
    for command in ("footfall quarantine show ID", "footfall quarantine replay --dry-run"):
        report(f"  {for_site(command, site)}")


@quarantine.command()
def show(
    quarantine_id: Annotated[str, typer.Argument(metavar="ID", help="The id that is listed, or how it begins.")],
    to: To = None,
    key: Key = None,
    site: SiteId = None,
) -> None:
    """Show one input as it came, and why it could not be read; with a key that may administer the site.

    For example: footfall quarantine show 3f2a91c0b7de
    """
    with reporting_errors("quarantine show"), client_of(to, key, site) as client:
        if not BEGINNING.fullmatch(quarantine_id):
            raise CliError(
                f"{quarantine_id}: an id is listed by `footfall quarantine`; give at least its first 6 letters"
            )
        found = [
            item
            for state in ("waiting", "replayed")
            for item in client.get(f"/etl/quarantine?{_query(quarantine_id=quarantine_id, state=state)}")["items"]
        ]
        if not found:
            raise CliError(f"nothing in quarantine has the id {quarantine_id}")
    report = partial(print_line, Console())
    for item in found:
        report(f"{item['quarantine_id']} ({item['state']}, replays that failed: {item['attempts']})")
        report(f"{_where(item)}, first seen {item['first_seen']}")
        report(f"{item['detail']} ({item['reason']})")
        report(
            item["original"] if item["original"] is not None else "(as it came is shown to keys with the scope admin)"
        )


@quarantine.command()
def replay(
    reason: Reason = None,
    since: Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be read again, and stop.")] = False,
    to: To = None,
    key: Key = None,
    site: SiteId = None,
) -> None:
    """Have what could not be read be read again, by the parser of today.

    For example: footfall quarantine replay --reason bad_number --dry-run
    """
    with reporting_errors("quarantine replay"), client_of(to, key, site) as client:
        query = _query(reason=reason, since=_moment(since), dry_run="true" if dry_run else None)
        told = client.post(f"/etl/replay?{query}")
    report = partial(print_line, Console())
    verb = "would be" if told["dry_run"] else "are"
    report(f"{told['selected']:,} of {told['matching']:,} {verb} read again")
    for name, count in told["reasons"].items():
        report(f"{count:>9,} {name}")
    if not told["dry_run"] and told["selected"]:
        stays = for_site("footfall quarantine", site)
        report(f"in about {told['seconds']:,.0f} s; what still cannot be read stays: {stays}")


def _moment(since: str | None) -> str | None:
    try:
        return datetime.fromisoformat(since).isoformat() if since else None
    except ValueError:
        raise CliError("--since: write a day or a time, as 2026-01-31") from None


def _query(**given: object) -> str:
    return urlencode({name: value for name, value in given.items() if value is not None})


def _where(item: Json) -> str:
    origin = item["origin"]
    if origin["file"]:
        return f"{origin['file']} line {origin['line']}"
    return str(origin["source"] or "the events queue")
