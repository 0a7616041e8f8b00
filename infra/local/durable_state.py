"""Keeps what moto's server would lose with its process: objects, parameters and secrets, written as they change."""

import json
import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from urllib.parse import quote, unquote

from moto.s3.models import S3Backend
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends
from moto.ssm.models import SimpleSystemManagerBackend, ssm_backends

from infra.local.aws import ACCOUNT, REGION

PARTIAL = "%part"  # a quoted key cannot hold it: after % come two hexadecimal digits


def keep_objects(folder: Path) -> None:
    """Write each S3 object's bytes (not its metadata) to a file of `folder`; a bucket is created with what is there."""

    def file_of(bucket_name: str, key_name: str) -> Path:
        return folder / bucket_name / quote(key_name, safe="")

    def write(backend: S3Backend, bucket_name: str, key_name: str, *_: object, **__: object) -> None:
        file = file_of(bucket_name, key_name)
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(file.name + PARTIAL)
        partial.write_bytes(backend.get_bucket(bucket_name).keys[key_name].value)
        partial.replace(file)

    def remove(backend: S3Backend, bucket_name: str, key_name: str, *_: object, **__: object) -> None:
        newest = backend.get_bucket(bucket_name).keys.get(key_name)
        if getattr(newest, "value", None) is None:
            file_of(bucket_name, key_name).unlink(missing_ok=True)

    def restore(backend: S3Backend, bucket_name: str, *_: object, **__: object) -> None:
        for file in sorted((folder / bucket_name).glob("*")):
            if file.name.endswith(PARTIAL):
                file.unlink()
            else:
                backend.put_object(bucket_name, unquote(file.name), file.read_bytes(), disable_notification=True)

    _after(S3Backend, "put_object", write)
    _after(S3Backend, "delete_object", remove)
    _after(S3Backend, "create_bucket", restore)


def keep_parameters(file: Path) -> None:
    """Write the SSM parameters to `file` at each change, after bringing back what is there."""
    backend = ssm_backends[ACCOUNT][REGION]
    kept: dict[str, tuple[str, str]] = json.loads(_text(file))
    for name, (value, kind) in kept.items():
        backend.put_parameter(name, "", value, kind, "", "", False, [], "text", None, None)

    def write(backend: SimpleSystemManagerBackend, *_: object, **__: object) -> None:
        parameters = backend._parameters.values()  # noqa: SLF001 — moto has no list of all with their values
        newest = [versions[-1] for versions in parameters if versions]
        _write_private(file, {found.name: [found.value, found.parameter_type] for found in newest})

    for method in ("put_parameter", "delete_parameter", "delete_parameters"):
        _after(SimpleSystemManagerBackend, method, write)


def keep_secrets(file: Path) -> None:
    """Write the secrets to `file`, which only its owner may read, at each change, after bringing back what is there."""
    backend = secretsmanager_backends[ACCOUNT][REGION]
    kept: dict[str, str] = json.loads(_text(file))
    for name, value in kept.items():
        backend.create_secret(name, value, None, None, [], None, None, [], False)

    def write(backend: SecretsManagerBackend, *_: object, **__: object) -> None:
        alive = [
            found for found in backend.secrets.values() if isinstance(found, FakeSecret) and not found.is_deleted()
        ]
        _write_private(file, {found.name: found.secret_string for found in alive})

    for method in ("create_secret", "put_secret_value", "update_secret", "delete_secret"):
        _after(SecretsManagerBackend, method, write)


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else "{}"


def _after(owner: type, method: str, then: Callable[..., None]) -> None:
    original = getattr(owner, method)

    @wraps(original)
    def both(*args: object, **kwargs: object) -> object:
        result = original(*args, **kwargs)
        then(*args, **kwargs)
        return result

    setattr(owner, method, both)


def _write_private(file: Path, content: Mapping[str, object]) -> None:
    partial = file.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as output:
        json.dump(content, output)
    partial.replace(file)
