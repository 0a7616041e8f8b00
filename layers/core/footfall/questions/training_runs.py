"""Which training runs did a site have lately, and how did they end?"""

from footfall.schemas.operations import TrainingRun
from footfall.stores.mongo import database

RUNS_SHOWN = 20


def training_runs(site_id: str, limit: int = RUNS_SHOWN) -> list[TrainingRun]:
    """Returns a site's newest training runs, the newest first."""
    newest = database()["training_runs"].find({"site_id": site_id}).sort("started_at", -1).limit(limit)
    return [TrainingRun.model_validate(run) for run in newest]
