"""What is deployed is listed with its licence, and every licence is one that may be."""

import re
from importlib.metadata import metadata

from .folders import ROOT

PINS = [*(ROOT / "layers").glob("*/requirements.txt"), *(ROOT / "functions").glob("*/*/requirements.txt")]
ROW = re.compile(r"^\| ([a-z0-9.-]+) \| ([\w .()-]+) \|$", re.MULTILINE)
MAY_BE = {"0BSD", "Apache-2.0", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Zlib"}


def listed() -> dict[str, str]:
    """Each package of docs/licences.md, and its licence."""
    rows = ROW.findall((ROOT / "docs" / "licences.md").read_text())
    return {name: licence for name, licence in rows if name != "package"}


def test_what_is_deployed_is_listed_and_nothing_else() -> None:
    lines = {line for path in PINS for line in path.read_text().splitlines() if "==" in line and line[0] != "#"}

    assert sorted(listed()) == sorted({line.partition("==")[0] for line in lines})


def test_every_licence_is_one_that_may_be() -> None:
    for name, licence in listed().items():
        told = set(re.findall(r"[\w.-]+", licence)) - {"AND", "OR"}
        assert told <= MAY_BE, f"{name}: {licence}"


def test_a_package_that_says_its_licence_says_the_one_listed() -> None:
    for name, licence in listed().items():
        assert metadata(name).get("License-Expression", licence) == licence, name
