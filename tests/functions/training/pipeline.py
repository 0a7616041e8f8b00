"""The training pipeline in tests: its four functions one after the other, on real stores."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
import pytest
from footfall import sites
from footfall.aws import objects
from footfall.settings import read_environment
from footfall.stores import vectors

from functions.training.evaluate.handler import handler as evaluate
from functions.training.extract.handler import handler as extract
from functions.training.fit.handler import handler as fit
from functions.training.publish.handler import handler as publish
from tests.support.builders import LambdaContext
from tests.support.milvus import collections

Json = dict[str, Any]


@contextmanager
def site_to_train(worker: str) -> Iterator[str]:
    """The artefacts bucket and the Milvus collections in place; gives a site id that no other test has."""
    site_id = f"t{uuid4().hex[:12]}"
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("ARTEFACTS_BUCKET", f"training-{worker}")
        _forget()
        boto3.client("s3").create_bucket(Bucket=f"training-{worker}")
        with collections():
            yield site_id
            for collection in vectors.COLLECTIONS:
                vectors.remove_older(collection, site_id, 2**53)
    _forget()


def _forget() -> None:
    objects.s3.cache_clear()
    read_environment.cache_clear()
    sites._known.clear()


def fitted(site_id: str, run_id: str = "run", restore: int = 0) -> Json:
    """What evaluate is given: what the state machine makes of one call of fit a model."""
    run: Json = extract({"site_id": site_id, "run_id": run_id, "restore": restore}, LambdaContext())
    return {**run, "fitted": [fitted_alone(run, model) for model in run["models"]]}


def fitted_alone(run: Json, model: str) -> Json:
    """What fit answers of one model; where it raises, what it answers when it is told so, as the state machine does."""
    asked = {"run": run, "model": model}
    try:
        return fit(asked, LambdaContext())
    except Exception as error:  # noqa: BLE001 - Lambda tells the state machine of any
        return fit({**asked, "error": {"Error": type(error).__name__, "Cause": str(error)}}, LambdaContext())


def evaluated(site_id: str, run_id: str = "run", restore: int = 0) -> Json:
    """What publish is given."""
    return evaluate(fitted(site_id, run_id, restore), LambdaContext())


def train(site_id: str, run_id: str = "run", restore: int = 0) -> Json:
    """Train a site to the end, or put a version into use again."""
    return published(evaluated(site_id, run_id, restore))


def published(run: Json) -> Json:
    """How a run ends whose models were judged: what the state machine makes of the steps of publish."""
    begun: Json = publish({"step": "publish", "run": run}, LambdaContext())
    if begun["state"] == "superseded":
        return {name: begun[name] for name in ("site_id", "run_id", "state")}
    shards = [{"step": "score", "run": begun, "shard": shard} for shard in begun["shards"]]
    scored = [publish(shard, LambdaContext()) for shard in shards]
    return publish({"step": "finish", "run": begun, "scored": scored}, LambdaContext())
