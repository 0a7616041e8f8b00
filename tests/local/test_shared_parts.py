"""The parts that every test may rely on."""

from typing import Any

import redis
from pymilvus import MilvusClient
from pymongo.database import Database

from infra.local.aws import AwsAddresses, client


def test_a_database_is_empty_and_has_the_indexes_of_a_deployment(database: Database[dict[str, Any]]) -> None:
    assert database["events"].count_documents({}) == 0
    assert len(database["events"].index_information()) > 1


def test_a_database_takes_writes_that_a_majority_has(database: Database[dict[str, Any]]) -> None:
    with database.client.start_session() as session, session.start_transaction():
        database["sites"].insert_one({"_id": "a"}, session=session)
    assert database["sites"].count_documents({}) == 1


def test_redis_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as cache:
        assert cache.ping()


def test_milvus_answers(milvus_uri: str) -> None:
    assert isinstance(MilvusClient(milvus_uri).list_collections(), list)


def test_the_environment_leads_every_aws_client_to_the_shared_services(aws: AwsAddresses, worker: str) -> None:
    import boto3

    url = client("sqs", aws.endpoint).create_queue(QueueName=f"shared-{worker}")["QueueUrl"]
    assert url in boto3.client("sqs").list_queues()["QueueUrls"]
