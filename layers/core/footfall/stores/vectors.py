"""Every Milvus collection: vectors of how people behave and of what is done on pages; the one user of pymilvus.

Both have 128 dimensions and cosine similarity, and the site as partition key. Exact search (FLAT) answers up to
100,000 vectors; a collection that outgrows that is given an inverted file (IVF_FLAT).
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

import grpc
import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, MilvusClient, MilvusException

from footfall.aws.secrets import secret
from footfall.chunks import chunks
from footfall.errors import Unavailable
from footfall.observability import logger
from footfall.settings import MilvusSettings, from_environment

DIMENSIONS = 128
INDEX = "vector"
OUTGROWS_FLAT = 100_000
LISTS = 1_024
PROBES = 64
FLAT: Mapping[str, object] = {"index_type": "FLAT", "metric_type": "COSINE"}
IVF_FLAT: Mapping[str, object] = {
    "index_type": "IVF_FLAT",
    "metric_type": "COSINE",
    "params": {"params": {"nlist": LISTS}},  # nested, or Milvus Lite takes its own default of 128
}
"""Of 1,024 lists, the nearest 10 hold only two thirds of the true neighbours; the nearest 64 hold nearly all."""

CONNECT_SECONDS = 2.0
SEARCH_SECONDS = 8.0
WRITE_SECONDS = 60.0
ROWS_PER_WRITE = 2_000
PARTITIONS = 16
KEY_LENGTH = 4_096
QUIET_CONNECTION = {"grpc.keepalive_time_ms": 60_000, "grpc.keepalive_permit_without_calls": False}
"""Pings every ten seconds, as pymilvus would have it, make servers hang up on a long write ("too many pings")."""

logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs every failed call with its arguments; we raise


class VectorCollection(NamedTuple):
    """One collection: its name, the field that says what a row is of, and its other texts with their longest length."""

    name: str
    subject: str
    texts: dict[str, int]


PEOPLE = VectorCollection(
    "user_behavior_embeddings",
    "person_id",
    {"device": 16, "rfm_segment": 64, "behaviour_segment": 128, "profile": 8_192},
)
PAGES = VectorCollection("page_interaction_embeddings", "page", {"page_type": 512})
COLLECTIONS = (PEOPLE, PAGES)


class Row(NamedTuple):
    """One vector: of whom or what it is, the texts of its collection, the version of its model."""

    subject: str
    texts: dict[str, str]
    version: int
    vector: NDArray[np.float32]


class Neighbour(NamedTuple):
    """A row found near a vector, with its cosine similarity: 1 is the same behaviour."""

    subject: str
    similarity: float
    texts: dict[str, str]


@cache
def client() -> MilvusClient:
    """Returns the client of this execution environment; it connects when made, within two seconds or not at all."""
    settings = from_environment(MilvusSettings)
    token = secret(settings.milvus_token_secret) if settings.milvus_token_secret else ""
    return MilvusClient(uri=settings.milvus_uri, token=token, timeout=CONNECT_SECONDS, grpc_options=QUIET_CONNECTION)


@contextmanager
def answering() -> Iterator[None]:
    """Turn a Milvus that does not do what was asked of it into Unavailable."""
    try:
        yield
    except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
        code = error.code if isinstance(error, MilvusException) else type(error).__name__
        logger().warning("milvus does not answer", extra={"code": str(code)})
        raise Unavailable("the vector store does not answer") from error


def prepare() -> None:
    """Create the collections that are missing and load all; safe to run again and beside another run."""
    with answering():
        for collection in COLLECTIONS:
            if not client().has_collection(collection.name, timeout=WRITE_SECONDS):
                _create(collection)
            client().load_collection(collection.name, timeout=WRITE_SECONDS)  # Milvus Lite forgets that at its end


def _create(collection: VectorCollection) -> None:
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=KEY_LENGTH)
    schema.add_field("site_id", DataType.VARCHAR, max_length=40, is_partition_key=True)
    schema.add_field(collection.subject, DataType.VARCHAR, max_length=KEY_LENGTH)
    for name, length in collection.texts.items():
        schema.add_field(name, DataType.VARCHAR, max_length=length)
    schema.add_field("version", DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSIONS)
    index = MilvusClient.prepare_index_params()
    index.add_index("vector", index_name=INDEX, **FLAT)
    try:
        client().create_collection(
            collection.name, schema=schema, index_params=index, num_partitions=PARTITIONS, timeout=WRITE_SECONDS
        )
    except MilvusException:
        if not client().has_collection(collection.name, timeout=WRITE_SECONDS):  # else another run was quicker
            raise


def settle(collection: VectorCollection, outgrows_flat: int = OUTGROWS_FLAT) -> None:
    """After many writes: seal them, since what is not sealed is searched slowly, and index for the size there is now.

    A collection that has outgrown exact search is given its inverted file, and cannot be searched while that is made.
    """
    with answering():
        client().flush(collection.name, timeout=10 * WRITE_SECONDS)
        size = int(client().get_collection_stats(collection.name, timeout=WRITE_SECONDS)["row_count"])
        if size < outgrows_flat or _index_type(collection) != FLAT["index_type"]:
            return
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_name=INDEX, **IVF_FLAT)
        client().release_collection(collection.name, timeout=WRITE_SECONDS)
        client().drop_index(collection.name, INDEX, timeout=WRITE_SECONDS)
        client().create_index(collection.name, index, timeout=10 * WRITE_SECONDS)
        client().load_collection(collection.name, timeout=WRITE_SECONDS)


def _index_type(collection: VectorCollection) -> str:
    found = client().describe_index(collection.name, INDEX, timeout=WRITE_SECONDS)
    return str(found["index_type"])


def upsert(collection: VectorCollection, site_id: str, rows: Iterable[Row]) -> None:
    """Store vectors of a site, each in place of the one that its subject had."""
    with answering():
        for batch in chunks(rows, ROWS_PER_WRITE):
            client().upsert(collection.name, [_data(collection, site_id, row) for row in batch], timeout=WRITE_SECONDS)


def _data(collection: VectorCollection, site_id: str, row: Row) -> dict[str, object]:
    return {
        "id": _key(site_id, row.subject),
        "site_id": site_id,
        collection.subject: row.subject,
        **row.texts,
        "version": row.version,
        "vector": row.vector,
    }


def remove(collection: VectorCollection, site_id: str, subjects: Sequence[str]) -> None:
    """Remove the vectors of these subjects of a site."""
    with answering():
        for batch in chunks(subjects, ROWS_PER_WRITE):
            keys = [_key(site_id, subject) for subject in batch]
            client().delete(collection.name, ids=keys, timeout=WRITE_SECONDS)


def erase(collection: VectorCollection, site_id: str, subjects: Sequence[str]) -> int:
    """Remove the vectors of these subjects for good; returns how many there were.

    A deleted row is only hidden until its segment is compacted, and a search may see it for a moment: so it is looked
    for at strong consistency, and Unavailable raised while any is left.
    """
    with answering():
        found = sum(_count(collection, site_id, some) for some in chunks(subjects, ROWS_PER_WRITE))
        if found:
            remove(collection, site_id, subjects)
            client().flush(collection.name, timeout=10 * WRITE_SECONDS)
            client().compact(collection.name, timeout=WRITE_SECONDS)
            if any(_count(collection, site_id, some) for some in chunks(subjects, ROWS_PER_WRITE)):
                raise Unavailable("the vector store still has what was removed")
        return found


def _count(collection: VectorCollection, site_id: str, subjects: Sequence[str]) -> int:
    keys = [_key(site_id, subject) for subject in subjects]
    found = client().query(
        collection.name, ids=keys, output_fields=["id"], consistency_level="Strong", timeout=WRITE_SECONDS
    )
    return len(found)


def remove_older(collection: VectorCollection, site_id: str, version: int) -> None:
    """Remove the vectors of a site that an older model made."""
    with answering():
        client().delete(
            collection.name, filter=f"{_of_site(site_id)} and version < {version}", timeout=10 * WRITE_SECONDS
        )


def row_of(collection: VectorCollection, site_id: str, subject: str) -> Row | None:
    """Returns a subject's row, or None where it has none."""
    return rows_of(collection, site_id, [subject]).get(subject)


def rows_of(collection: VectorCollection, site_id: str, subjects: Sequence[str]) -> dict[str, Row]:
    """Returns the rows of those of these subjects that have one."""
    keys = [_key(site_id, subject) for subject in subjects]
    with answering():
        found = client().get(collection.name, ids=keys, output_fields=_fields(collection), timeout=SEARCH_SECONDS)
    return {row.subject: row for row in (_row(collection, entity) for entity in found)}


def some_rows(collection: VectorCollection, site_id: str, most: int) -> list[Row]:
    """Returns some rows of a site, in no order."""
    with answering():
        found = client().query(
            collection.name,
            filter=_of_site(site_id),
            output_fields=_fields(collection),
            limit=most,
            timeout=WRITE_SECONDS,
        )
    return [_row(collection, entity) for entity in found]


def _fields(collection: VectorCollection) -> list[str]:
    return [collection.subject, *collection.texts, "version", "vector"]


def _row(collection: VectorCollection, entity: Mapping[str, Any]) -> Row:
    texts = {name: str(entity[name]) for name in collection.texts}
    vector = np.asarray(entity["vector"], np.float32)
    return Row(str(entity[collection.subject]), texts, int(entity["version"]), vector)


def nearest(
    collection: VectorCollection,
    site_id: str,
    vector: NDArray[np.float32],
    limit: int,
    where: str = "",
    probes: int = PROBES,
) -> list[Neighbour]:
    """Returns the nearest rows of a site, nearest first; `where` is made by `equal`, `probes` counts lists searched."""
    return nearest_to_each(collection, site_id, [vector], limit, where, probes)[0]


def nearest_to_each(
    collection: VectorCollection,
    site_id: str,
    wanted: Sequence[NDArray[np.float32]],
    limit: int,
    where: str = "",
    probes: int = PROBES,
) -> list[list[Neighbour]]:
    """Returns the same for each of several vectors, in one search."""
    condition = f"{_of_site(site_id)} and ({where})" if where else _of_site(site_id)
    with answering():
        found = client().search(
            collection.name,
            list(wanted),
            filter=condition,
            limit=limit,
            output_fields=[collection.subject, *collection.texts],
            search_params={"metric_type": "COSINE", "params": {"nprobe": probes}},
            timeout=SEARCH_SECONDS,
        )
    return [[_neighbour(collection, hit["entity"], hit["distance"]) for hit in hits] for hits in found]


def _neighbour(collection: VectorCollection, entity: Mapping[str, str], similarity: float) -> Neighbour:
    texts = {name: entity[name] for name in collection.texts}
    return Neighbour(entity[collection.subject], min(float(similarity), 1.0), texts)


def equal(field: str, value: str) -> str:
    """Returns the condition that a field has a value; the value may hold anything."""
    return f"{field} == {json.dumps(value)}"


def among(field: str, values: Sequence[str]) -> str:
    """Returns the condition that a field has one of these values, of which there must be some."""
    return f"{field} in {json.dumps(values)}"


def _of_site(site_id: str) -> str:
    return equal("site_id", site_id)


def _key(site_id: str, subject: str) -> str:
    # quoted like a URL's path, since pymilvus writes keys into expressions as they are
    return f"{site_id}:{quote(subject, safe='@.-_~:/')}"
