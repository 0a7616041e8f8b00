"""`footfall demo`: starts everything, loads a month of a shop, draws its funnel, and keeps running to be asked."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.charts import device_chart, funnel_chart, segments_chart
from cli.client import Client, CliError, Json, follow, reporting_errors
from cli.imports import progress_on, run_import
from cli.lines import print_line
from cli.simulate import plan_of, send_traffic

if TYPE_CHECKING:
    from cli.files import LocalFile


def demo(
    tables: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A folder of page tables to load instead of simulating."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keep the data in this folder. Default: removed at the end."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days to simulate.")] = 30,
    visitors_per_day: Annotated[int, typer.Option(min=1, max=100_000, help="Average number of visits a day.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 7,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the API; 0 takes any free port.")] = 0,
    shop_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the demo shop's pages; 0 takes any free port.")
    ] = 0,
    leave: Annotated[bool, typer.Option("--exit", help="Stop after showing everything.")] = False,
) -> None:
    """Start Footfall, load a simulated month of a shop or real tables, draw the funnel, and run until Ctrl-C."""
    for stopping in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stopping, signal.default_int_handler)
    console = Console()
    with reporting_errors("demo"), ExitStack() as cleanup:
        files = _tables_in(tables) if tables else []
        folder = data or Path(cleanup.enter_context(TemporaryDirectory(prefix="footfall-demo-")))
        shop = _start(folder.absolute(), port, shop_port, console, cleanup)
        if files:
            shop.load_tables(files)
        else:
            shop.load_month(days, visitors_per_day, seed)
        shop.wait_until_stored()
        shop.show_funnel()
        shop.train()
        shop.show_customers()
        shop.print_examples()
        if not leave:
            _wait_for_ctrl_c(console)


def _tables_in(folder: Path) -> list["LocalFile"]:
    from cli.files import files_of  # looking at files takes what --help need not load

    return files_of("shop-funnel", [folder])


def _start(folder: Path, port: int, shop_port: int, console: Console, cleanup: ExitStack) -> "Shop":
    from cli.up import demo_keys, expected_failures, explanation
    from infra.local.demo_shop import DemoShop
    from infra.local.stack import Stack

    try:
        with _stage(console, "Starting MongoDB, Redis, Milvus, the AWS services and the functions"):
            stack = cleanup.enter_context(Stack(folder, port=port))
            keys = demo_keys(stack, folder / "keys.json")
    except expected_failures() as failure:
        raise CliError(explanation(failure, folder, "127.0.0.1", port)) from None
    try:
        pages = cleanup.enter_context(DemoShop(stack.url, keys["write_key"], shop_port))
    except OSError as failure:
        raise CliError(
            f"the demo shop cannot listen on 127.0.0.1:{shop_port}: {failure.strerror}. Give another --shop-port"
        ) from None
    console.print(f"Footfall is at {stack.url}; its API is documented at {stack.url}/docs", soft_wrap=True)
    console.print(f"The demo shop is at {pages.url}", soft_wrap=True)
    return Shop(cleanup.enter_context(Client(stack.url, keys["api_key"])), keys, pages.url, console)


@dataclass
class Shop:
    """The site of the demo on a running stack."""

    client: Client
    keys: dict[str, str]
    pages_url: str
    console: Console
    question: str = "/api/funnel?breakdown=device"

    def load_month(self, days: int, visitors_per_day: int, seed: int) -> None:
        """Simulate visitors whose events go to `/collect`."""
        with Client(self.client.url, self.keys["write_key"], "FOOTFALL_WRITE_KEY") as client:
            send_traffic(plan_of(days, visitors_per_day, seed), client, self.console)

    def load_tables(self, files: list["LocalFile"]) -> None:
        """Import page tables as `footfall import shop-funnel` does; later questions are about their days."""
        with progress_on(self.console) as progress:
            imported = run_import(self.client, "shop-funnel", files, progress)
        self.question = f"/api/funnel?from={imported['first_day']}&to={imported['last_day']}&breakdown=device"

    def wait_until_stored(self) -> None:
        """Wait until every event is stored and the daily figures are computed; raises CliError when it stalls."""
        with _stage(self.console, "Storing what still waits in the queues") as report:
            for waiting in follow(self._waiting, lambda waiting: waiting == 0, "emptying the queues"):
                report(f"{waiting:,} messages")
        self.client.post("/etl/calculate-daily-metrics")
        with _stage(self.console, "Computing the daily figures") as report:
            for days in follow(self._stale_days, lambda days: days == 0, "computing the daily figures"):
                report(f"{days} days")

    def train(self) -> None:
        """Train the models and wait for how the run ends; raises CliError when it stalls."""
        with _stage(self.console, "Training segments and behaviour vectors") as report:
            run_id = self.client.post("/api/models/train")["run_id"]
            run: Json = {}
            for run in follow(lambda: self._run(run_id), lambda run: run["state"] != "running", "the training"):
                report(run["stage"])
        if run["state"] != "published":
            self.console.print(f"The training run ended as {run['state']}: /api/models says why", style="yellow")

    def _waiting(self) -> int:
        queues = self.client.get("/etl/status")["queues"]
        return sum(queue["waiting"] + queue["in_flight"] for queue in queues.values() if queue)

    def _stale_days(self) -> int:
        return int(self.client.get("/etl/status")["stale_days"])

    def _run(self, run_id: str) -> Json:
        runs = self.client.get("/api/models")["runs"]
        return next((run for run in runs if run["run_id"] == run_id), {"state": "running", "stage": "start"})

    def show_funnel(self) -> None:
        """Draw the funnel, as a whole and by device."""
        funnel = self.client.get(self.question)
        for chart in (funnel_chart(funnel), device_chart(funnel)):
            self.console.print("", chart)
        self.console.print()

    def show_customers(self) -> None:
        """Draw the customers' segments, where there are customers."""
        segments = self.client.get("/api/segments?segment_type=rfm")
        if segments["total_customers"]:
            self.console.print("", segments_chart(segments["segments"], segments["currency"]))

    def print_examples(self) -> None:
        """Print how to ask the running Footfall from a browser and from a terminal."""
        url, key = self.client.url, self.keys["api_key"]
        self.console.print("\n[bold]Try it[/]: in a browser", f"{url}/docs", "or from another terminal")
        for line in (
            f"export FOOTFALL_URL={url}",
            f"export FOOTFALL_KEY={key}",
            f"export FOOTFALL_WRITE_KEY={self.keys['write_key']}",
            *(_curl(path) for path in self._paths_to_try()),
        ):
            self._print_line(line)
        self.print_shop_address()

    def print_shop_address(self) -> None:
        """Print where the shop's pages are, and which routes show a visit to them."""
        self.console.print("\n[bold]Visit the shop[/]: in a browser", self.pages_url, "then see the visit in")
        today = datetime.now(UTC).date()
        for path in ("/events/recent?limit=5", f"/api/funnel?unit=session&from={today}&to={today}"):
            self._print_line(_curl(path))

    def _print_line(self, line: str) -> None:
        print_line(self.console, f"  {line}")

    def _paths_to_try(self) -> Iterator[str]:
        yield self.question
        yield "/api/metrics/dashboard"
        customers = self.client.get("/api/customers?sort_by=monetary&order=desc&page_size=1")["customers"]
        for customer in customers:
            yield f"/api/customers/{customer['customer_id']}"
            yield f"/api/similar/{customer['customer_id']}"


def _curl(path: str) -> str:
    return f'curl -H "X-Api-Key: $FOOTFALL_KEY" "$FOOTFALL_URL{path}"'


@contextmanager
def _stage(console: Console, doing: str) -> Iterator[Callable[[str], None]]:
    began = time.perf_counter()
    with console.status(f"{doing}…") as spinner:
        yield lambda how_far: spinner.update(f"{doing}: {how_far}…")
    console.print(f"{doing}: {time.perf_counter() - began:.1f} s", highlight=False)


def _wait_for_ctrl_c(console: Console) -> None:
    console.print("\nRunning until Ctrl-C.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping.")
