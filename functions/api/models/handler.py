"""api/models: which models there are, whether they still fit, and which is in use."""

from fastapi import Depends
from footfall.errors import NotFound
from footfall.http.app import PROBLEMS, AdminSite, ReadSite, as_lambda, create_app, no_body
from footfall.questions.training_runs import training_runs
from footfall.schemas.model import ModelName
from footfall.schemas.operations import Models, ModelVersions, TrainingStarted
from footfall.stores.mongo import answering

from . import queries, registry
from .training import start_training

app = create_app("models", [Depends(no_body)])
app.include_router(registry.router)


@app.post("/api/models/train", status_code=202, responses={409: {**PROBLEMS[422], "description": "A run is under way"}})
def train(site_id: AdminSite) -> TrainingStarted:
    """Train the site's models from what is stored now; `/api/models` says how the run goes."""
    return start_training(site_id)


@app.get("/api/models")
def models(site_id: ReadSite) -> Models:
    """The newest version of every model, and the newest training runs."""
    with answering():
        return Models(models=queries.newest_models(site_id), runs=training_runs(site_id))


@app.get("/api/models/{name}")
def model(site_id: ReadSite, name: ModelName) -> ModelVersions:
    """The versions of one model, the newest first."""
    with answering():
        versions = queries.model_versions(site_id, name)
    if not versions:
        raise NotFound("this model was never published")
    return ModelVersions(name=name, versions=versions)


handler = as_lambda(app)
