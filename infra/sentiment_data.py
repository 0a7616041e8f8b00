"""Sentences that people judged as positive or negative: fetched from package registries, each by its checksum.

`vaderSentiment`'s source package (MIT) has the sentences that its authors had judged by twenty people each (Hutto and
Gilbert 2014): of Amazon's customers on products, and of Rotten Tomatoes' critics on films. npm's `sentiment` has UCI's
"Sentiment Labelled Sentences" (Kotzias et al. 2015, CC BY 4.0): of Amazon's, IMDb's and Yelp's reviewers.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, NamedTuple, cast

JUDGED = ("amazonReviewSnippets", "movieReviewSnippets")
LABELLED = ("amazon", "imdb", "yelp")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps")
VADER = (*PIP, "--no-binary", ":all:", "vaderSentiment==3.3.2")
UCI = ("npm", "pack", "--silent", "sentiment@5.0.2")
CHECKSUMS = {
    "vaderSentiment-3.3.2.tar.gz": "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    "sentiment-5.0.2.tgz": "89302eb03d2005d03b214fe65814bb48adb7d3c42c8ca80bdee6a3ecb7e4480f",
}
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"


class Sentence(NamedTuple):
    """A sentence, and what people thought that it feels, from -4 to 4."""

    text: str
    feels: float


def judged() -> list[Sentence]:
    """Returns VADER's sentences on products and films, each with the mean of its judges; raises ValueError."""
    package = _fetched(VADER, "vaderSentiment-3.3.2.tar.gz")
    with tarfile.open(fileobj=package) as outer, tarfile.open(fileobj=_member(outer, INNER)) as found:
        return [one for name in JUDGED for one in _lines(_member(found, f"hutto_ICWSM_2014/{name}_GroundTruth.txt"))]


def labelled() -> dict[str, list[Sentence]]:
    """Returns UCI's sentences by where they are from, 1 for a positive and -1 for a negative one; raises ValueError."""
    with tarfile.open(fileobj=_fetched(UCI, "sentiment-5.0.2.tgz")) as found:
        return {name: list(_rows(_member(found, f"package/test/fixtures/{name}.json"))) for name in LABELLED}


def _fetched(command: tuple[str, ...], name: str) -> IO[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        package = Path(folder, name).read_bytes()
    if hashlib.sha256(package).hexdigest() != CHECKSUMS[name]:
        raise ValueError(f"{name} is not the one that the weights are fitted on")
    return BytesIO(package)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    found = archive.extractfile(name)
    if found is None:
        raise ValueError(f"{name} is not in its package")
    return found


def _lines(file: IO[bytes]) -> Iterator[Sentence]:
    for line in file.read().decode(errors="replace").splitlines():
        _, feels, text = line.split("\t", 2)
        yield Sentence(text, float(feels))


def _rows(file: IO[bytes]) -> Iterator[Sentence]:
    rows = cast("list[dict[str, str | int | None]]", json.load(file))
    yield from (Sentence(str(row["text"]), 1.0 if row["class"] else -1.0) for row in rows if row["class"] is not None)
