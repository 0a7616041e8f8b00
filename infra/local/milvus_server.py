"""Milvus Lite's gRPC server as a process of its own: `python -m infra.local.milvus_server FOLDER HOST:PORT FD`.

It writes its port to the descriptor FD once it answers, and closes its data cleanly on SIGTERM. Its own way to start
takes no gRPC options, and without them a client that pings an idle connection, as pymilvus does, is sent away.
"""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from pymilvus.grpc_gen import milvus_pb2_grpc

LARGEST_MESSAGE = 256 * 1024 * 1024
THREADS = 10
OPTIONS = [
    ("grpc.max_receive_message_length", LARGEST_MESSAGE),
    ("grpc.max_send_message_length", LARGEST_MESSAGE),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 0),
]


def main(folder: str, address: str, report_to: int) -> None:
    """Serve the data in `folder` until a signal asks to stop."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    database = MilvusLite(folder)
    server = grpc.server(ThreadPoolExecutor(THREADS), options=OPTIONS)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    port = server.add_insecure_port(address)
    server.start()
    os.write(report_to, str(port).encode())
    os.close(report_to)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop(grace=1).wait()
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
