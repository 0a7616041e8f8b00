"""Whether the index of vectors finds the true neighbours, looked at every night; one that does not is an alarm."""

from collections.abc import Sequence

from footfall.errors import FootfallError
from footfall.observability import logger
from footfall.settings import VectorSearchSettings, from_environment
from footfall.sites import site_ids
from footfall.stores import vectors
from footfall.stores.mongo import database
from footfall.stores.vectors import COLLECTIONS, LISTS, Neighbour, VectorCollection

NEAREST = 10
SAMPLE = 100
LOWEST = 0.95


class NeighboursMissed(FootfallError):
    """Raised when searches find fewer than 95 % of the true neighbours: raise MilvusNprobe, or index anew."""

    title = "Neighbours missed"


def check_recall() -> dict[str, object]:
    """Returns the recall of each site's vectors, by site and collection; raises NeighboursMissed where one is low."""
    probes = from_environment(VectorSearchSettings).milvus_nprobe
    found = {
        f"{site_id} {collection.name}": share
        for site_id in site_ids(database())
        for collection in COLLECTIONS
        if (share := recall_of(collection, site_id, probes)) is not None
    }
    logger().info("looked for neighbours", extra={"recall": found})
    low = sorted(name for name, share in found.items() if share < LOWEST)
    if low:
        raise NeighboursMissed(f"fewer than {LOWEST:.0%} of the true neighbours are found of {', '.join(low)}")
    return {"recall": found}


def recall_of(collection: VectorCollection, site_id: str, probes: int) -> float | None:
    """Returns the share of the 10 nearest of a hundred vectors that a search finds; None where there are no vectors.

    The truth is a search of every list, or of every vector where there are no lists: it is exact. One as near as the
    tenth counts as found.
    """
    wanted = [row.vector for row in vectors.some_rows(collection, site_id, SAMPLE)]
    if not wanted:
        return None
    exact = vectors.nearest_to_each(collection, site_id, wanted, NEAREST, probes=LISTS)
    found = vectors.nearest_to_each(collection, site_id, wanted, NEAREST, probes=probes)
    shares = [_share(true, given) for true, given in zip(exact, found, strict=True)]
    return round(sum(shares) / len(shares), 4)


def _share(true: Sequence[Neighbour], given: Sequence[Neighbour]) -> float:
    least = min(each.similarity for each in true) - 1e-6
    return sum(each.similarity >= least for each in given) / len(true)
