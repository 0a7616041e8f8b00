"""What `footfall status` says of an answer."""

from datetime import UTC, datetime, timedelta

from cli import status

PIPELINE = {"latest_rollup": None, "stale_days": 2}
HEALTH = {"last_training": None}


def test_it_is_said_when_documents_were_counted_of_which_there_are_many() -> None:
    then = (datetime.now(UTC) - timedelta(minutes=40)).isoformat()
    lines = list(status._summary({**PIPELINE, "counted_at": then}, HEALTH, None))
    assert lines[0] == "Collections of more than 10,000 documents, but events: counted 40 minutes ago"
    assert list(status._summary({**PIPELINE, "counted_at": None}, HEALTH, None)) == lines[1:]
