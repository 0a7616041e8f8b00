"""Settings: one small model per concern, filled from environment variables of the same name in capitals."""

import os
from functools import cache
from typing import TypeVar, cast

from pydantic import BaseModel, Field, ValidationError

from footfall.errors import Misconfigured

Model = TypeVar("Model", bound=BaseModel)


class MongoSettings(BaseModel):
    """Where the events and everything derived from them live."""

    mongodb_uri: str
    mongodb_database: str = "footfall"


class RedisSettings(BaseModel):
    """Where answers are cached and live activity is kept."""

    redis_url: str


class MilvusSettings(BaseModel):
    """Where behaviour vectors live; the secret's name is empty where no token is needed."""

    milvus_uri: str
    milvus_token_secret: str = ""


class VectorSearchSettings(BaseModel):
    """How many of the 1,024 lists of a large collection are searched: more find more true neighbours, more slowly."""

    milvus_nprobe: int = 64


class SigningSettings(BaseModel):
    """The name of the secret that signs keys."""

    signing_secret: str


class OperatorSettings(BaseModel):
    """The name of the secret that is the operator's key."""

    operator_secret: str


class JwtSettings(BaseModel):
    """Whose tokens are good here, and which of their claims names the roles; without an issuer none are."""

    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_jwks_uri: str = ""
    jwt_claim: str = "footfall"


class SendingSettings(BaseModel):
    """The bucket that tells collect who may send each site's events."""

    sending_bucket: str


class RepeatSettings(BaseModel):
    """Within how many seconds an equal event without an id and a time is the same one, sent again."""

    repeat_seconds: int = Field(default=30, ge=1)


class EventsQueueSettings(BaseModel):
    """Where events wait for etl/events."""

    events_queue_url: str


class WatermarkSettings(BaseModel):
    """The queue whose messages are in no figure yet; without it nobody tells how far it is emptied."""

    events_queue_url: str = ""


class ImportsQueueSettings(BaseModel):
    """Where imports wait for etl/imports."""

    imports_queue_url: str


class CatalogQueueSettings(BaseModel):
    """Where changes of the catalogue wait for etl/catalog."""

    catalog_queue_url: str


class CatalogQueueStatusSettings(CatalogQueueSettings):
    """The same, and the queue of those that were given up."""

    catalog_dead_letter_queue_url: str


class QueueStatusSettings(BaseModel):
    """Every queue whose depth is reported."""

    events_queue_url: str
    events_dead_letter_queue_url: str
    imports_queue_url: str
    imports_dead_letter_queue_url: str
    catalog_queue_url: str
    catalog_dead_letter_queue_url: str
    interests_queue_url: str
    interests_dead_letter_queue_url: str
    realtime_queue_url: str
    realtime_dead_letter_queue_url: str
    vectors_queue_url: str
    vectors_dead_letter_queue_url: str


class DeadLetterSettings(BaseModel):
    """The queues of what was given up: messages that may speak of people."""

    events_dead_letter_queue_url: str
    imports_dead_letter_queue_url: str
    catalog_dead_letter_queue_url: str
    interests_dead_letter_queue_url: str
    realtime_dead_letter_queue_url: str
    vectors_dead_letter_queue_url: str


class SessionsTopicSettings(BaseModel):
    """Where recomputed sessions are announced."""

    sessions_topic_arn: str


class UploadsSettings(BaseModel):
    """The bucket that imports are uploaded to."""

    uploads_bucket: str


class LakeSettings(BaseModel):
    """Where the lake's files are: `s3://bucket` or `file:///folder`."""

    lake_location: str


class QuestionSettings(BaseModel):
    """How many rows of the lake one call reads: of 25,000,000 a function needs 3 GB."""

    most_rows: int = Field(default=25_000_000, ge=1)


class AnsweringSettings(BaseModel):
    """The function that answers questions too big for one call."""

    answer_function_name: str


class AnsweringMachineSettings(BaseModel):
    """The state machine that has such a question answered in parts."""

    answering_state_machine_arn: str


class ArtefactsSettings(BaseModel):
    """The bucket that holds training features and fitted models."""

    artefacts_bucket: str


class TrainingSettings(BaseModel):
    """The state machine that trains models."""

    training_state_machine_arn: str


class WarmingSettings(BaseModel):
    """The function that answers the usual questions after the cache was emptied."""

    warm_function_name: str


class ErasingSettings(BaseModel):
    """The function that removes events, also those of people who are erased."""

    retention_function_name: str


class AskingToEraseSettings(BaseModel):
    """The function that erases people."""

    erase_function_name: str


class PipelineSettings(BaseModel):
    """The functions that are run by hand: the events' ETL, the daily figures, the sweeper and the clean-up."""

    etl_events_function_name: str
    rollup_function_name: str
    sweep_function_name: str
    retention_function_name: str


def from_environment(model: type[Model]) -> Model:
    """Returns the settings of one concern; raises Misconfigured, naming the variables that are missing or wrong."""
    return cast(Model, read_environment(model))  # functools.cache forgets that one type gives the same


@cache
def read_environment(model: type[BaseModel]) -> BaseModel:
    """Returns what `from_environment` returns, read once in each execution environment."""
    values = {name: os.environ[name.upper()] for name in model.model_fields if name.upper() in os.environ}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        names = ", ".join(str(problem["loc"][0]).upper() for problem in error.errors())
        raise Misconfigured(f"set these environment variables: {names}") from None
