"""Replays: quarantined inputs read again by the current parser, from their original bytes.

A replay is called after its input, not after the message that asks for it: however many ask, it is one and the same.
"""

from typing import Any

from footfall.codec import decode_leniently
from footfall.quarantine import note_replayed, note_tried
from footfall.schemas.message import EventsMessage
from footfall.schemas.quarantine import QuarantineDocument
from pydantic import ValidationError
from pymongo.database import Database

from .batch import Batch, Body, Replay, set_aside_body

Mongo = Database[dict[str, Any]]


def open_inputs(database: Mongo, batch: Batch) -> None:
    """Put what messages ask to have replayed, and what still waits for it, among the messages of a batch."""
    asked = {
        f"{batch.site_id}:{name}": message_id
        for message_id, message in batch.messages.items()
        for name in message.replay
    }
    if not asked:
        return
    waiting = database["quarantine"].find({"_id": {"$in": list(asked)}, "stage": "events", "state": "waiting"})
    for document in waiting:
        replay_id = f"replay:{document['_id'].rpartition(':')[2]}"
        batch.replays[replay_id] = Replay(document["_id"], asked[document["_id"]])
        _open(batch, replay_id, document)  # type: ignore[arg-type]


def _open(batch: Batch, replay_id: str, document: QuarantineDocument) -> None:
    text = document["original"].decode(errors="surrogatepass")
    origin = document["origin"]
    try:
        if "message_id" in origin:
            message = EventsMessage.model_validate(decode_leniently(text))
        else:
            how = {name: origin.get(name) for name in ("source", "received_at", "ip", "user_agent")}
            message = EventsMessage.model_validate(
                {"site_id": batch.site_id, "events": [decode_leniently(text)], **how}
            )
    except (ValidationError, ValueError, RecursionError):
        message = None
    if message and message.site_id == batch.site_id:
        batch.messages[replay_id] = message.model_copy(update={"replay": [], "reprocess": [], "recheck": []})
    else:
        set_aside_body(batch, Body(replay_id, text), document["reason"], document["detail"])


def failed(batch: Batch) -> set[str]:
    """The ids of replays whose input was set aside once more."""
    again = {document["_id"] for document in batch.quarantine}
    return {replay_id for replay_id, replay in batch.replays.items() if replay.quarantine_key in again}


def note(database: Mongo, batch: Batch) -> None:
    """Mark inputs that were replayed, and count the attempt of those that were not."""
    tried = failed(batch)
    done = [replay.quarantine_key for replay_id, replay in batch.replays.items() if replay_id not in tried]
    note_replayed(database, done, batch.processed_at)
    for asked_by in {batch.replays[replay_id].asked_by for replay_id in tried}:
        keys = [batch.replays[name].quarantine_key for name in tried if batch.replays[name].asked_by == asked_by]
        note_tried(database, keys, asked_by, batch.processed_at)
