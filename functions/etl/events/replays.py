"""Replays: quarantined inputs read again by the current parser, from their original bytes.

A replay is called after its input, not after the message that asks for it: however many ask, it is one and the same.
"""

from footfall.codec import decode_leniently
from footfall.quarantine import note_replayed, note_tried
from footfall.schemas.message import EventsMessage
from footfall.schemas.quarantine import QuarantineDocument
from footfall.stores.collections import quarantine
from footfall.stores.mongo import Mongo
from pydantic import ValidationError

from .alone import UNDERIVED
from .batch import Batch, Body, Replay, quarantine_message


def open_inputs(database: Mongo, batch: Batch) -> None:
    """Put what messages ask to have replayed, and what still waits for it, among the messages of a batch."""
    asked = {
        f"{batch.site_id}:{name}": message_id
        for message_id, message in batch.messages.items()
        for name in message.replay
    }
    if not asked:
        return
    waiting = quarantine.of(database).find({"_id": {"$in": list(asked)}, "stage": "events", "state": "waiting"})
    for document in waiting:
        replay_id = f"replay:{document['_id'].rpartition(':')[2]}"
        batch.replays[replay_id] = Replay(
            document["_id"], asked[document["_id"]], counted=document["message_key"] is not None
        )
        _open(batch, replay_id, document)


def _open(batch: Batch, replay_id: str, document: QuarantineDocument) -> None:
    text = document["original"].decode(errors="surrogatepass")
    origin = document["origin"]
    try:
        if "message_id" in origin or origin.get("source") == UNDERIVED:
            message = EventsMessage.model_validate(decode_leniently(text))
        else:
            message = EventsMessage.model_validate(
                {
                    "site_id": batch.site_id,
                    "source": origin.get("source"),
                    "received_at": origin.get("received_at"),
                    "ip": origin.get("ip"),
                    "user_agent": origin.get("user_agent"),
                    "country": origin.get("country"),
                    "accept_language": origin.get("accept_language"),
                    "events": [decode_leniently(text)],
                }
            )
    except (ValidationError, ValueError, RecursionError):
        message = None
    if message and message.site_id == batch.site_id:
        asks = message.reprocess if message.source == UNDERIVED else []
        alone = {"replay": [], "recheck": [], "reprocess": asks}
        batch.messages[replay_id] = message.model_copy(update=alone)
    else:
        quarantine_message(batch, Body(replay_id, text), document["reason"], document["detail"])


def failed(batch: Batch) -> set[str]:
    """Returns the ids of replays whose input was quarantined once more; one of somebody erased is done with."""
    again = {document["_id"] for document in (*batch.quarantine, *batch.quarantine_later)}
    return {replay_id for replay_id, replay in batch.replays.items() if replay.quarantine_key in again}


def note(database: Mongo, batch: Batch) -> None:
    """Mark inputs that were replayed, and count the attempt of those that were not."""
    tried = failed(batch)
    done = [replay.quarantine_key for replay_id, replay in batch.replays.items() if replay_id not in tried]
    note_replayed(database, done, batch.processed_at)
    for asked_by in {batch.replays[replay_id].asked_by for replay_id in tried}:
        keys = [batch.replays[name].quarantine_key for name in tried if batch.replays[name].asked_by == asked_by]
        note_tried(database, keys, asked_by, batch.processed_at)
