"""Artefacts: nothing is used that is not what was saved."""

import io
from collections.abc import Iterator

import boto3
import numpy as np
import pytest
from footfall.aws import objects
from footfall.errors import Unavailable
from footfall.models import artefacts
from footfall.models.artefacts import Corrupted, load_arrays, load_json, save_arrays, save_json
from footfall.schemas.model import Artefact, Run
from footfall.settings import read_environment

from infra.local.aws import AwsAddresses

RUN = Run(site_id="demo", run_id="run", version=7)


@pytest.fixture
def bucket(aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of this worker."""
    name = f"artefacts-{worker}"
    monkeypatch.setenv("ARTEFACTS_BUCKET", name)
    objects.s3.cache_clear()
    read_environment.cache_clear()
    boto3.client("s3").create_bucket(Bucket=name)
    yield name
    objects.s3.cache_clear()
    read_environment.cache_clear()


def test_arrays_come_back_as_they_were_saved(bucket: str) -> None:
    saved = save_arrays("a.npz", {"row": np.arange(3), "weight": np.array([0.5])})
    found = load_arrays(saved)
    assert found["row"].tolist() == [0, 1, 2]
    assert found["weight"].tolist() == [0.5]


def test_json_comes_back_as_it_was_saved(bucket: str) -> None:
    assert load_json(save_json("a.json", {"name": "tea", "n": 1})) == {"name": "tea", "n": 1}


def test_the_same_arrays_give_the_same_fingerprint(bucket: str) -> None:
    first, second = (save_arrays(key, {"row": np.arange(9)}) for key in ("one.npz", "two.npz"))
    assert first.sha256 == second.sha256


def test_what_was_changed_since_is_refused(bucket: str) -> None:
    saved = save_arrays("a.npz", {"row": np.arange(3)})
    boto3.client("s3").put_object(Bucket=bucket, Key="a.npz", Body=b"something else")
    with pytest.raises(Corrupted):
        load_arrays(saved)


def test_what_is_gone_is_refused(bucket: str) -> None:
    with pytest.raises(Corrupted, match="gone"):
        load_json(Artefact(key="never.json", sha256="0" * 64))


def test_pickled_objects_are_neither_saved_nor_loaded(bucket: str) -> None:
    objects_in_an_array = {"thing": np.array([{"a": 1}], object)}
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays("a.npz", objects_in_an_array)
    buffer = io.BytesIO()
    np.savez(buffer, **objects_in_an_array)  # type: ignore[arg-type]
    smuggled = artefacts._save("a.npz", buffer.getvalue())
    with pytest.raises(ValueError, match="allow_pickle"):
        load_arrays(smuggled)


def test_a_bucket_that_does_not_answer_may_be_tried_again(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = save_json("a.json", 1)
    monkeypatch.setenv("ARTEFACTS_BUCKET", "no-such-bucket")
    read_environment.cache_clear()
    with pytest.raises(Unavailable):
        save_json("a.json", 1)
    with pytest.raises(Unavailable):
        load_json(saved)


def test_work_and_models_are_kept_apart_by_site_and_version() -> None:
    assert artefacts.work_key(RUN, "features.npz") == "work/demo/7/features.npz"
    assert artefacts.model_key(RUN, "projection.npz") == "models/demo/7/projection.npz"
