"""`footfall train`: starts the training, follows it, and shows the models' figures."""

from footfall.money import digits_of
from footfall.questions.model_figures import MONEY
from rich.console import Console
from rich.table import Table

from cli.client import Client, CliError, Json, Key, SiteId, To, client_of, follow, reporting_errors


def train(to: To = None, key: Key = None, site: SiteId = None) -> None:
    """Train the site's models, wait until they are published, and show their figures.

    Customers get segments, lifetime values and chances of churn, people get behaviour vectors and recommendations.
    Beside a model's figures are those of simpler ways, its baselines; below, which models are new, and why others stay.
    The exit code is 0 only when the new models were published.

    For example: footfall train
    """
    console = Console()
    with reporting_errors("train"), client_of(to, key, site) as client:
        run_id = client.post("/api/models/train")["run_id"]
        with console.status("Training: starting") as spinner:
            run: Json | None = None
            for run in follow(lambda: _run(client, run_id), _is_over, f"training run {run_id}"):
                if run:
                    spinner.update(f"Training: {run['stage']}")
        if run is None or run["state"] != "published":
            raise CliError(_reason(run_id, run or {}))
        _show(console, run, client.get("/api/models")["models"])


def _run(client: Client, run_id: str) -> Json | None:
    # there is none before its first stage has begun
    runs = client.get("/api/models")["runs"]
    return next((run for run in runs if run["run_id"] == run_id), None)


def _is_over(run: Json | None) -> bool:
    return run is not None and run["state"] != "running"


def _reason(run_id: str, run: Json) -> str:
    error = run.get("error") or {}
    reasons = "; ".join([*(run.get("reasons") or []), *(f"{name}: {text}" for name, text in error.items())])
    return f"run {run_id} ended as {run.get('state')} in stage {run.get('stage')}" + (f": {reasons}" if reasons else "")


def _show(console: Console, run: Json, models: list[Json]) -> None:
    table = Table(title="Trained", title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for column in ("", "figure", "value", "baselines"):
        table.add_column(column, header_style="dim", justify="right" if column == "value" else "left")
    sources = {**run["figures"], **{model["name"]: model["metrics"] for model in models}}
    currency = run["figures"]["extract"]["currency"]
    for name, figures in sources.items():
        for number, (figure, value) in enumerate(_plain(figures, currency)):
            table.add_row("" if number else name, figure, value, _baselines(figures, figure, currency))
    console.print(table)
    for name, choice in run.get("choices", {}).items():
        console.print(f"{name}: {_choice(choice)}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"Published as version {run['version']}", highlight=False)


def _choice(choice: Json) -> str:
    # what is in use from now on, and why, where it is not what was just trained
    kept = {"challenger": "accepted", "champion": "withheld, the model in use stays", None: "withheld"}
    reasons = "; ".join(choice["reasons"])
    return f"{kept[choice['published']]}{_against(choice)}" + (f": {reasons}" if reasons else "")


def _against(choice: Json) -> str:
    before = choice["champion"]
    if choice["published"] != "challenger" or before is None:
        return ""
    return f" ({choice['figure']} {choice['challenger']} against {before} of the model in use)"


def _plain(figures: Json, currency: str) -> list[tuple[str, str]]:
    # the other figures are lists and tables
    return [
        (name, _shown(name, value, currency)) for name, value in figures.items() if isinstance(value, int | float | str)
    ]


def _baselines(figures: Json, name: str, currency: str) -> str:
    # what simpler ways come to in the same figure
    found = {baseline: told[name] for baseline, told in figures.get("baselines", {}).items() if name in told}
    return ", ".join(f"{baseline} {_shown(name, value, currency)}" for baseline, value in found.items())


def _shown(name: str, value: float | str, currency: str) -> str:
    return _money(value, currency) if name in MONEY else _formatted(value)


def _money(amount: float | str, currency: str) -> str:
    return f"{amount:,.{digits_of(currency)}f} {currency}"


def _formatted(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
