"""The script that shops paste in: small, built from what lies beside it, with types that hold."""

import gzip
import subprocess
from pathlib import Path

import pytest

from cli.traffic.catalogue import catalogue
from infra.local.demo_shop import PAGES, SCRIPT

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "node_modules" / ".bin"
MOST_BYTES = 5_800
DEFAULT_SEED = 7


def run(*command: str) -> str:
    """Returns what a build tool printed; skips the test where the tool is not installed."""
    if not (TOOLS / command[0]).exists():
        pytest.skip("the build tools are not installed (npm ci)")
    done = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tracker_is_as_small_as_its_page_says_when_compressed() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) <= MOST_BYTES


def test_the_committed_script_is_what_its_source_builds() -> None:
    options = ["--bundle", "--minify", "--target=es2020", "--format=iife"]
    assert run("esbuild", "web/tracker/src/footfall.ts", *options) == SCRIPT.read_text()


def test_its_types_hold_in_the_strict_mode() -> None:
    run("tsc", "--project", "web/tracker")


def test_the_demo_shop_fetches_nothing_from_elsewhere() -> None:
    own = {"http://www.w3.org/2000/svg"}
    for file in PAGES.rglob("*.*"):
        addresses = [
            word for word in file.read_text().replace('"', " ").split() if word.startswith(("http:", "https:"))
        ]
        assert set(addresses) <= own, file


def test_the_demo_shop_sells_what_the_simulated_shop_sells() -> None:
    sold = {product.product_id: product for product in catalogue(DEFAULT_SEED).products}
    offered = [line.split('"') for line in (PAGES / "js/catalogue.js").read_text().splitlines() if "  product(" in line]
    assert len(offered) == 20
    for parts in offered:
        product = sold[parts[1]]
        assert parts[3] == product.name
        assert parts[5] == product.category.slug
        assert float(parts[6].strip(", ")) == product.price / 100
