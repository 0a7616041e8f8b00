"""The `footfall` command: one line per command; each module imports what is heavy inside its command."""

import typer

from cli.up import up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Footfall: the analytics back end of an online shop.",
)


@app.callback()
def footfall() -> None:
    """Footfall: the analytics back end of an online shop."""


app.command()(up)
