"""Whether the stores let this deployment in, and if not, in which way they do not."""

import socket
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlsplit

from footfall.errors import Unavailable
from footfall.settings import MilvusSettings, from_environment
from footfall.stores import vectors
from footfall.stores.mongo import database
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

Found = Literal["ok", "no_such_host", "no_answer", "not_allowed"]


def check_stores() -> dict[str, Found]:
    """Returns of MongoDB and Milvus whether their host is found, answers, and knows who asks."""
    return {name: check() for name, check in CHECKS.items()}


def _mongodb() -> Found:
    try:
        database().command("listCollections", nameOnly=True)
    except ConfigurationError:  # the names of the cluster's nodes are looked up when the client is made
        return "no_such_host"
    except OperationFailure:
        return "not_allowed"
    except PyMongoError:
        return "no_answer"
    return "ok"


def _milvus() -> Found:
    address = urlsplit(from_environment(MilvusSettings).milvus_uri)
    try:
        socket.getaddrinfo(address.hostname, address.port)
    except OSError:
        return "no_such_host"
    try:
        with vectors.answering():
            vectors.client().list_collections()
    except Unavailable:
        return "no_answer"
    return "ok"


CHECKS: Mapping[str, Callable[[], Found]] = {"mongodb": _mongodb, "milvus": _milvus}
