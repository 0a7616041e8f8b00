"""`footfall demo`, as `make demo` runs it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.stack
SECONDS = 300
STEPS = ("home", "search", "payment", "confirmation")
TABLES = {"home": 40, "search": 20, "payment": 8, "payment_confirmation": 2}


def demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Returns the demo, started with its temporary files in a folder."""
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("footfall")), "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(folder), "COLUMNS": "120"},
    )


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Returns what the process prints until a line has the text, or until it ends."""
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            break
    return "".join(lines)


def people_of(printed: str) -> list[int]:
    """Returns how many people the funnel shows at each step."""
    rows = [re.match(rf"{step} .*?([\d,]+) +[\d.]+ %", line) for line in printed.splitlines() for step in STEPS]
    return [int(row[1].replace(",", "")) for row in rows if row][: len(STEPS)]


def test_it_loads_a_month_shows_its_funnel_and_stays_until_ctrl_c(tmp_path: Path) -> None:
    process = demo(tmp_path, "--days", "3", "--visitors-per-day", "40")
    try:
        printed = read_until(process, "Running until Ctrl-C")
        people = people_of(printed)
        assert len(people) == len(STEPS), printed
        assert people == sorted(people, reverse=True)
        assert people[0] > 40
        assert {"Mobile", "Desktop"} <= set(re.findall(r"\w+", printed))
        address = re.search(r"http://127.0.0.1:(\d+)/docs", printed)
        assert address
        socket.create_connection(("127.0.0.1", int(address[1])), 5).close()
        assert_the_shop_is_open(printed, f"http://127.0.0.1:{address[1]}")

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(address[1])), 5)


def assert_the_shop_is_open(printed: str, url: str) -> None:
    """The address it names has pages with a tracker, whose key sends events to this Footfall from that origin."""
    shop = re.search(r"The demo shop is at (http://127.0.0.1:\d+)", printed)
    assert shop
    assert "Fern &amp; Finch" in httpx.get(shop[1]).text
    assert httpx.get(f"{shop[1]}/footfall.js").headers["content-type"].startswith("text/javascript")
    config = json.loads(httpx.get(f"{shop[1]}/config.js").text.removeprefix("window.FOOTFALL = "))
    assert config["host"] == url
    body = json.dumps({"writeKey": config["key"], "batch": [{"eventType": "pageview", "visitorId": "v", "path": "/"}]})
    answer = httpx.post(f"{url}/collect", content=body, headers={"origin": shop[1], "content-type": "text/plain"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (202, "*")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Page tables of forty people, nested as a funnel."""
    folder = tmp_path / "tables"
    folder.mkdir()
    people = "".join(f"{1000 + number},2015-01-{1 + number % 28:02d},Desktop,Male\n" for number in range(40))
    (folder / "user_table.csv").write_text(f"user_id,date,device,sex\n{people}")
    for name, count in TABLES.items():
        rows = "".join(f"{1000 + number},{name}_page\n" for number in range(count))
        file = f"{name}_table.csv" if name == "payment_confirmation" else f"{name}_page_table.csv"
        (folder / file).write_text(f"user_id,page\n{rows}")
    return folder


def test_it_loads_page_tables_and_leaves_when_told_to(tmp_path: Path, tables: Path) -> None:
    process = demo(tmp_path, "--tables", str(tables), "--exit", "--data", str(tmp_path / "kept"))
    printed, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 0, printed
    assert people_of(printed) == list(TABLES.values()), printed
    assert (tmp_path / "kept" / "keys.json").exists()


def test_a_folder_without_the_tables_ends_with_a_sentence(tmp_path: Path) -> None:
    process = demo(tmp_path, "--tables", str(tmp_path), "--exit")
    printed, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert "is a folder without the files" in printed
