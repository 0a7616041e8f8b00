"""Training runs as they go on: what each state of the state machine notes of itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from footfall.clock import now
from footfall.errors import NotFound
from footfall.schemas.model import Choice, Evaluated, KeptRun, ModelName, Run, RunStart, RunState, Stage
from footfall.stores.collections import training_runs
from footfall.stores.mongo import Mongo

CAUSE_LENGTH = 2_000


def begin(database: Mongo, site_id: str, run_id: str, restores: int | None = None) -> Run:
    """Note that a run begins, and which version it `restores`, if so.

    A retry of the same run finds it begun and keeps its version.
    """
    moment = now()
    more = {} if restores is None else {"restores": restores}
    run = Run(site_id=site_id, run_id=run_id, version=_version(moment))
    begun = training_runs.of(database).find_one_and_update(
        {"_id": _key(run)},
        {
            "$setOnInsert": {**run.model_dump(), **more, "started_at": moment, "figures": {}},
            "$set": {"state": "running", "stage": "extract", "updated_at": moment, "ended_at": None},
        },
        upsert=True,
    )
    return run.model_copy(update={"version": begun["version"]}) if begun else run


def _version(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def started_at(database: Mongo, run: Run) -> datetime:
    """Returns when a run began."""
    found = next(training_runs.read(database, RunStart, {"_id": _key(run)}), None)
    return found["started_at"] if found else now()


def enter(database: Mongo, run: Run, stage: Stage) -> None:
    """Note that a run has come to a stage."""
    training_runs.of(database).update_one({"_id": _key(run)}, {"$set": {"stage": stage, "updated_at": now()}})


def note(database: Mongo, run: Run, stage: Stage, figures: Mapping[str, object]) -> None:
    """Note what a stage found."""
    fields = {f"figures.{stage}": figures, "updated_at": now()}
    training_runs.of(database).update_one({"_id": _key(run)}, {"$set": fields})


def note_choices(database: Mongo, run: Run, choices: Mapping[ModelName, Choice]) -> None:
    """Note what was chosen of each model."""
    training_runs.of(database).update_one({"_id": _key(run)}, {"$set": {"choices": dict(choices), "updated_at": now()}})


def keep(database: Mongo, run: Evaluated) -> None:
    """Keep what publish was given, for the states after it."""
    fields = {"evaluated": run.model_dump(mode="json"), "updated_at": now()}
    training_runs.of(database).update_one({"_id": _key(run)}, {"$set": fields})


def kept(database: Mongo, run: Run) -> Evaluated:
    """Returns what publish was given; raises NotFound where nothing was."""
    found = next(training_runs.read(database, KeptRun, {"_id": _key(run)}), None)
    if not found or "evaluated" not in found:
        raise NotFound("nothing was kept of this run")
    return Evaluated.model_validate(found["evaluated"])


def end(database: Mongo, run: Run, state: RunState, reasons: Sequence[str] = ()) -> None:
    """Note how a run ended; `reasons` are why its models were rejected."""
    moment = now()
    fields: dict[str, object] = {"state": state, "updated_at": moment, "ended_at": moment}
    more = {"reasons": list(reasons)} if reasons else {}
    training_runs.of(database).update_one({"_id": _key(run)}, {"$set": fields | more})


def fail(database: Mongo, site_id: str, run_id: str, error: str, cause: str) -> None:
    """Note that a run failed, also one that failed before it could note anything itself."""
    moment = now()
    run = Run(site_id=site_id, run_id=run_id, version=_version(moment))
    failed = {"type": error, "cause": cause[:CAUSE_LENGTH]}
    training_runs.of(database).update_one(
        {"_id": _key(run)},
        {
            "$set": {"state": "failed", "error": failed, "updated_at": moment, "ended_at": moment},
            "$setOnInsert": {**run.model_dump(), "stage": "extract", "started_at": moment, "figures": {}},
        },
        upsert=True,
    )


def _key(run: Run) -> str:
    return f"{run.site_id}:{run.run_id}"
