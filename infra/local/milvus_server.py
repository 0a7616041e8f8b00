"""Milvus Lite's gRPC server as a process of its own: `python -m infra.local.milvus_server FOLDER HOST FD`.

It writes its port to the descriptor FD once it answers, and closes its data cleanly on SIGTERM.
"""

import os
import signal
import sys

from milvus_lite.adapter.grpc.server import start_server_in_thread


def main(folder: str, host: str, report_to: int) -> None:
    """Serve the data in `folder` until a signal asks to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    server, database, port = start_server_in_thread(folder, host, 0)
    os.write(report_to, str(port).encode())
    os.close(report_to)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop(grace=1).wait()
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
