"""The `footfall` command. Each command's module imports what is heavy inside its function, so that --help is quick."""

from importlib.metadata import version
from typing import Annotated

import typer

from cli.demo import demo
from cli.doctor import doctor
from cli.imports import import_files
from cli.key import keys
from cli.lake import lake
from cli.quarantine import quarantine
from cli.send import send
from cli.simulate import simulate
from cli.site import site
from cli.status import status
from cli.train import train
from cli.up import up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Footfall: the analytics back end of an online shop.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"footfall {version('footfall')}")
        raise typer.Exit


@app.callback()
def footfall(
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version, and stop.")
    ] = False,
) -> None:
    """Footfall: the analytics back end of an online shop."""


app.command()(demo)
app.command()(up)
app.add_typer(site, name="site")
app.add_typer(keys, name="key")
app.add_typer(quarantine, name="quarantine")
app.add_typer(lake, name="lake")
app.command("import")(import_files)
app.command()(send)
app.command()(simulate)
app.command()(train)
app.command()(status)
app.command()(doctor)
