"""The stores and AWS services for one test run: `python -m infra.local.shared ANSWER_FILE OWNER_PID`.

Writes where they answer to ANSWER_FILE as JSON, then waits for the owner to end, stops them and removes their data.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from infra.local.aws import start_aws
from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_stores

NO_LAMBDA = "http://127.0.0.1:9"  # the discard port: nothing answers there


def addresses_shared_with(owner: int, answer_file: Path) -> dict[str, str]:
    """Returns where the parts answer that live as long as the process `owner`; the first call starts them.

    The caller holds a lock, so that there is only one first call.
    """
    if not answer_file.exists():
        command = [sys.executable, "-m", "infra.local.shared", str(answer_file), str(owner)]
        with answer_file.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        while not answer_file.exists():
            if process.poll() is not None:
                raise RuntimeError(answer_file.with_suffix(".log").read_text()[-2000:])
            time.sleep(0.02)
    return dict(json.loads(answer_file.read_text()))


def main(answer_file: Path, owner: int) -> None:
    """Run the parts until the owner has ended."""
    owner_ended = os.pidfd_open(owner)
    folder = Path(tempfile.mkdtemp(prefix="footfall-shared-"))
    supervisor = ProcessSupervisor(folder / "logs")
    try:
        with ThreadPoolExecutor(2) as pool:
            stores = pool.submit(start_stores, supervisor, folder)
            aws = pool.submit(start_aws, supervisor, None, NO_LAMBDA)
        partial = answer_file.with_suffix(".part")
        partial.write_text(json.dumps(asdict(stores.result()) | {"aws_endpoint": aws.result().endpoint}))
        partial.replace(answer_file)
        select.select([owner_ended], [], [])
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
