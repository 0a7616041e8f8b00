"""Training runs as they go on: what each state of the state machine notes of itself."""

from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.database import Database

from footfall.clock import now
from footfall.schemas.model import Evaluated, Run, RunState, Stage

Mongo = Database[dict[str, Any]]
CAUSE_LENGTH = 2_000


def begin(database: Mongo, site_id: str, run_id: str) -> Run:
    """Note that a run begins; a retry of the same run finds it begun and keeps its version."""
    moment = now()
    document = database["training_runs"].find_one_and_update(
        {"_id": f"{site_id}:{run_id}"},
        {
            "$setOnInsert": {
                "site_id": site_id,
                "run_id": run_id,
                "version": round(moment.timestamp() * 1000),
                "started_at": moment,
                "figures": {},
            },
            "$set": {"state": "running", "stage": "extract", "updated_at": moment, "ended_at": None},
        },
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return Run.model_validate(document, extra="ignore")


def started_at(database: Mongo, run: Run) -> datetime:
    """When a run began."""
    found = database["training_runs"].find_one({"_id": _key(run)}, {"started_at": 1}) or {"started_at": now()}
    moment: datetime = found["started_at"]
    return moment


def enter(database: Mongo, run: Run, stage: Stage) -> None:
    """Note that a run has come to a stage."""
    database["training_runs"].update_one({"_id": _key(run)}, {"$set": {"stage": stage, "updated_at": now()}})


def note(database: Mongo, run: Run, stage: Stage, figures: dict[str, Any]) -> None:
    """Note what a stage found."""
    database["training_runs"].update_one(
        {"_id": _key(run)}, {"$set": {f"figures.{stage}": figures, "updated_at": now()}}
    )


def keep(database: Mongo, run: Evaluated, **more: Any) -> None:
    """Keep what publish was given, so that the same models can be put into use again."""
    fields = {"evaluated": run.model_dump(mode="json"), **more}
    database["training_runs"].update_one({"_id": _key(run)}, {"$set": fields})


def kept(database: Mongo, site_id: str, version: int) -> Evaluated | None:
    """What publish was given for the models of one version; None where that was not kept."""
    found = database["training_runs"].find_one({"site_id": site_id, "version": version}, {"evaluated": 1}) or {}
    return Evaluated.model_validate(found["evaluated"]) if "evaluated" in found else None


def end(database: Mongo, run: Run, state: RunState, **more: Any) -> None:
    """Note how a run ended."""
    moment = now()
    fields = {"state": state, "updated_at": moment, "ended_at": moment, **more}
    database["training_runs"].update_one({"_id": _key(run)}, {"$set": fields})


def fail(database: Mongo, site_id: str, run_id: str, error: str, cause: str) -> None:
    """Note that a run failed, also one that failed before it could note anything itself."""
    moment = now()
    database["training_runs"].update_one(
        {"_id": f"{site_id}:{run_id}"},
        {
            "$set": {
                "state": "failed",
                "error": {"type": error, "cause": cause[:CAUSE_LENGTH]},
                "updated_at": moment,
                "ended_at": moment,
            },
            "$setOnInsert": {
                "site_id": site_id,
                "run_id": run_id,
                "version": round(moment.timestamp() * 1000),
                "stage": "extract",
                "started_at": moment,
                "figures": {},
            },
        },
        upsert=True,
    )


def _key(run: Run) -> str:
    return f"{run.site_id}:{run.run_id}"
