"""What was stored before the stack ended can be asked for when it starts again."""

import os
import subprocess
import sys
from pathlib import Path

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_milvus

PREPARE_AND_ASK = """
from footfall.stores import vectors
vectors.prepare()
print(*{str(vectors.client().get_load_state(found.name)["state"]) for found in vectors.COLLECTIONS})
"""


def test_vectors_can_be_searched_after_a_restart(tmp_path: Path) -> None:
    assert prepared_on_a_fresh_milvus(tmp_path) == "Loaded"
    assert prepared_on_a_fresh_milvus(tmp_path) == "Loaded"


def prepared_on_a_fresh_milvus(folder: Path) -> str:
    """How jobs/prepare leaves the collections of a server started on this folder."""
    supervisor = ProcessSupervisor(folder / "logs")
    try:
        environment = os.environ | {
            "MILVUS_URI": start_milvus(supervisor, folder / "milvus"),
            "MILVUS_TOKEN_SECRET": "",
        }
        command = [sys.executable, "-c", PREPARE_AND_ASK]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    finally:
        supervisor.stop()
