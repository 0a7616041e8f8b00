"""api/models: which models there are, whether they still fit, and which is in use."""

from typing import Annotated, Any

from fastapi import Path, Query
from footfall.http.app import PROBLEMS, AdminSite, ReadSite, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.questions import model_health, model_versions, models
from footfall.questions.models import ModelQuestion
from footfall.schemas.model import ModelName
from footfall.schemas.paging import PagedQuestion

from . import restoring, training

app = create_app("models", AuditedRoute)
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {**PROBLEMS[422], "description": "In use already, nothing to go back to, or a run is under way"}
}
LATEST_VERSION = 9_999_999_999_999
"""A version is the millisecond at which its run began: this one's is in the year 2286."""
Name = Annotated[ModelName, Path(description="Which model")]
Version = Annotated[
    int | None, Query(ge=1, le=LATEST_VERSION, description="A version that was published; without it the newest")
]


@app.get("/api/models", summary="The models in use, and the training runs")
def list_models(site_id: ReadSite, question: Annotated[PagedQuestion, Query()]) -> models.Models:
    """Returns the newest version of every model, and a page of the training runs, the newest first."""
    return models.answer(site_id, question)


@app.get("/api/models/{name}", summary="The versions of one model")
def get_versions(
    site_id: ReadSite, name: Name, page: Annotated[PagedQuestion, Query()]
) -> model_versions.ModelVersions:
    """Returns a page of the versions of one model, the newest first, and the card of the one in use."""
    return model_versions.answer(site_id, model_versions.ModelVersionsQuestion(name=name, **page.model_dump()))


@app.get("/api/models/{name}/health", summary="Whether a model still fits")
def get_health(site_id: ReadSite, name: Name) -> model_health.ModelHealth:
    """Returns how old the model in use is, how good it was when it was trained, and how far its data have moved."""
    return model_health.answer(site_id, ModelQuestion(name=name))


@app.post(
    "/api/models/train",
    status_code=202,
    summary="Train the models",
    responses={409: {**PROBLEMS[422], "description": "A run is under way"}},
)
def train(site_id: AdminSite) -> training.TrainingStarted:
    """Train the site's models from what is stored now; returns the run, which `/api/models` follows."""
    return training.start_training(site_id)


@app.post("/api/models/{name}/promote", status_code=202, summary="Put a version into use again", responses=CONFLICT)
def promote(site_id: AdminSite, name: Name, version: Version = None) -> training.RestoreStarted:
    """Put a version that was published before into use again, with all models of the same run; returns the run.

    They are applied to the data of today, and published under a newer version: `/api/models` says when they are in use.
    """
    return restoring.promote(site_id, name, version)


@app.post(
    "/api/models/{name}/rollback", status_code=202, summary="Put what was before into use again", responses=CONFLICT
)
def roll_back(site_id: AdminSite, name: Name) -> training.RestoreStarted:
    """Put what was trained before the version in use into use again, with all models of the same run; returns the run.

    They are applied to the data of today, and published under a newer version; what is trained next must be better.
    """
    return restoring.rollback(site_id, name)


handler = as_lambda(app)
