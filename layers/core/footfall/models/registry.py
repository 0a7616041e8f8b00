"""The registry of models: which versions there are, and which is in use."""

from collections.abc import Sequence

from pymongo import ReplaceOne

from footfall.customers.rfm_segments import RFM_SEGMENTS
from footfall.errors import FieldProblem, Invalid
from footfall.schemas.model import (
    PARAMETERS,
    Artefact,
    BehaviourSegment,
    ModelDocument,
    ModelName,
    SegmentingModel,
    SegmentSums,
)
from footfall.stores import collections
from footfall.stores.mongo import Mongo

NEWEST = [("version", -1)]


def in_use(database: Mongo, site_id: str, name: ModelName) -> ModelDocument | None:
    """Returns the newest published version of a site's model, or None where nothing was published yet."""
    query = {"site_id": site_id, "name": name, "state": "published"}
    return collections.models.of(database).find_one(query, sort=NEWEST)


def origin_of(model: ModelDocument) -> int:
    """Returns the version that was trained, also where it was put into use again under a newer number."""
    return model.get("restores") or model["version"]


def is_applicable(model: ModelDocument) -> bool:
    """Returns whether a model can be applied to other data than it was fitted on: one of before 0.1.0 cannot."""
    return PARAMETERS in model["artefacts"]


def files_of(model: ModelDocument) -> dict[str, Artefact]:
    """Returns the files of a model, by name."""
    return {name: Artefact.model_validate(file) for name, file in model["artefacts"].items()}


def trained_last(database: Mongo, site_id: str, name: ModelName, before: int | None = None) -> ModelDocument | None:
    """Returns the newest version of a site's model that was trained, of those before another one if that is given."""
    query: dict[str, object] = {"site_id": site_id, "name": name, "state": "published", "restores": {"$exists": False}}
    if before is not None:
        query["version"] = {"$lt": before}
    return collections.models.of(database).find_one(query, sort=NEWEST)


def published(database: Mongo, site_id: str, name: ModelName, version: int) -> ModelDocument | None:
    """Returns one version of a site's model, or None."""
    return collections.models.of(database).find_one({"_id": f"{site_id}:{name}:{version}"})


def of_version(database: Mongo, site_id: str, version: int) -> list[ModelDocument]:
    """Returns every model that one run published: they belong together."""
    query = {"site_id": site_id, "version": version, "state": "published"}
    return list(collections.models.of(database).find(query))


def behaviour_segments(database: Mongo, site_id: str) -> list[BehaviourSegment]:
    """Returns the behaviour segments of a site's model in use; none before the first training."""
    model = in_use(database, site_id, "behaviour_segments")
    return list(model["details"]["segments"]) if model else []


def segments(database: Mongo, site_id: str, name: SegmentingModel) -> dict[str, SegmentSums]:
    """Returns what the customers of each segment of a site's model in use add up to; none before the first training."""
    model = in_use(database, site_id, name)
    return {sums["name"]: sums for sums in model.get("segments", [])} if model else {}


def model_of_segment(database: Mongo, site_id: str, segment: str) -> SegmentingModel:
    """Returns which model puts customers into a segment; raises Invalid, naming all there are, for another name."""
    by_money = [known.name for known in RFM_SEGMENTS]
    if segment in by_money:
        return "rfm"
    by_behaviour = [known["name"] for known in behaviour_segments(database, site_id)]
    if segment not in by_behaviour:
        names = "; ".join([*by_money, *by_behaviour])
        raise Invalid([FieldProblem("segment", f"there is no segment of that name, but these: {names}")])
    return "behaviour_segments"


def publish(database: Mongo, models: Sequence[ModelDocument]) -> None:
    """Put models into use, all that one run published, and note those it withheld; doing it again changes nothing."""
    writes = [ReplaceOne({"_id": model["_id"]}, model, upsert=True) for model in models]
    if writes:
        collections.models.of(database).bulk_write(writes)
