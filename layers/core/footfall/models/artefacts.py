"""Artefacts of training in S3: arrays and JSON, never code, and checked against their fingerprint before use."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError

from footfall.aws.objects import s3
from footfall.customers.arrays import Arrays
from footfall.errors import FootfallError, Unavailable
from footfall.schemas.model import Artefact, Run
from footfall.settings import ArtefactsSettings, from_environment


class Corrupted(FootfallError):
    """Raised when an artefact is not what was saved, or is gone."""

    title = "Corrupted artefact"


Value = TypeVar("Value")


class Saved(Mapping[str, Value]):
    """Artefacts by name, each read when it is asked for, and once; raises Corrupted for one that was changed."""

    def __init__(self, artefacts: Mapping[str, Artefact], read: Callable[[Artefact], Value]) -> None:
        self._artefacts = artefacts
        self._read = read
        self._found: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        """Returns one artefact; raises Corrupted when it is not what was saved."""
        if name not in self._found:
            self._found[name] = self._read(self._artefacts[name])
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._artefacts)

    def __len__(self) -> int:
        return len(self._artefacts)


def saved_files(artefacts: Mapping[str, Artefact]) -> Mapping[str, Arrays]:
    """Returns artefacts of arrays by name."""
    return Saved(artefacts, load_arrays)


def saved_values(artefacts: Mapping[str, Artefact]) -> Mapping[str, Any]:
    """Returns artefacts of JSON by name."""
    return Saved(artefacts, load_json)


def work_key(run: Run, name: str) -> str:
    """Returns where a run keeps what only its own states read; such files may be deleted after some days."""
    return f"{work_of(run.site_id)}{run.version}/{name}"


def work_of(site_id: str) -> str:
    """Returns how the names of what a site's runs keep for their own states begin: whose features they are is in it."""
    return f"work/{site_id}/"


def model_key(run: Run, name: str) -> str:
    """Returns where a run keeps what published models are used from."""
    return f"models/{run.site_id}/{run.version}/{name}"


def save_arrays(key: str, arrays: Arrays) -> Artefact:
    """Save arrays as an .npz file; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return _save(key, buffer.getvalue())


def load_arrays(artefact: Artefact) -> Arrays:
    """Returns the arrays of an artefact; raises Corrupted when they are not those that were saved."""
    with np.load(io.BytesIO(_load(artefact)), allow_pickle=False) as arrays:
        return dict(arrays)


def save_json(key: str, value: object) -> Artefact:
    """Save a value as JSON."""
    return _save(key, json.dumps(value, sort_keys=True).encode())


def load_json(artefact: Artefact) -> object:
    """Returns the value of a JSON artefact; raises Corrupted when it is not the one that was saved."""
    value: object = json.loads(_load(artefact))
    return value


def _save(key: str, body: bytes) -> Artefact:
    try:
        s3().put_object(Bucket=_bucket(), Key=key, Body=body)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the artefacts bucket does not take files") from error
    return Artefact(key=key, sha256=hashlib.sha256(body).hexdigest())


def _load(artefact: Artefact) -> bytes:
    try:
        body = s3().get_object(Bucket=_bucket(), Key=artefact.key)["Body"].read()
    except s3().exceptions.NoSuchKey:
        raise Corrupted(f"the artefact {artefact.key} is gone") from None
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the artefacts bucket does not answer") from error
    if hashlib.sha256(body).hexdigest() != artefact.sha256:
        raise Corrupted(f"the artefact {artefact.key} is not what was saved")
    return body


def _bucket() -> str:
    return from_environment(ArtefactsSettings).artefacts_bucket
